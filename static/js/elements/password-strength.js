// <password-strength> around a password field and a <meter>: length is what counts.
class PasswordStrength extends HTMLElement {
  connectedCallback() {
    this.addEventListener("input", this)
  }

  handleEvent(event) {
    const meter = this.querySelector("meter")
    const help = this.querySelector(".field__help")
    const length = event.target.value.length
    meter.hidden = length === 0
    meter.value = Math.min(length, meter.max)
    if (help) help.textContent = `${this.word(length)}: ${length} characters. At least 12; a sentence is fine.`
  }

  word(length) {
    if (length < 12) return "Too short"
    return length < 16 ? "Good" : "Strong"
  }
}

customElements.define("password-strength", PasswordStrength)
