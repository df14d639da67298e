// <live-part seconds="10" hx-trigger="renew" …>: asks for a fresh copy of itself, but never while
// nobody looks at its tab; who comes back sees it renewed at once. While somebody has typed or ticked
// something in it, it stays as it is.
class LivePart extends HTMLElement {
  connectedCallback() {
    this.renewed = Date.now()
    this.timer = setInterval(() => this.renew(), 1000)
    this.look = () => this.renew()
    document.addEventListener("visibilitychange", this.look)
  }

  disconnectedCallback() {
    clearInterval(this.timer)
    document.removeEventListener("visibilitychange", this.look)
  }

  get isInUse() {
    const fields = [...this.querySelectorAll("input, textarea")]
    return fields.some((field) => field.value !== field.defaultValue || field.checked !== field.defaultChecked)
  }

  renew() {
    const isDue = Date.now() - this.renewed >= Number(this.getAttribute("seconds")) * 1000
    if (document.hidden || !isDue || this.isInUse) return
    this.renewed = Date.now()
    this.dispatchEvent(new CustomEvent("renew"))
  }
}

customElements.define("live-part", LivePart)
