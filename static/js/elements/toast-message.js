// <toast-message>: leaves by itself, unless a pointer or the keyboard is on it.
const STAYS = 6000

class ToastMessage extends HTMLElement {
  connectedCallback() {
    this.wait()
    this.addEventListener("pointerenter", () => clearTimeout(this.timer))
    this.addEventListener("pointerleave", () => this.wait())
    this.addEventListener("focusin", () => clearTimeout(this.timer))
    this.addEventListener("focusout", () => this.wait())
  }

  disconnectedCallback() {
    clearTimeout(this.timer)
  }

  wait() {
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.remove(), STAYS)
  }
}

customElements.define("toast-message", ToastMessage)
