// <local-time><time datetime="…">5 min ago</time></local-time>: keeps "ago" true while the page is open.
const MINUTE = 60_000
const HOUR = 60 * MINUTE

class LocalTime extends HTMLElement {
  connectedCallback() {
    this.timer = setInterval(() => this.renew(), MINUTE / 2)
  }

  disconnectedCallback() {
    clearInterval(this.timer)
  }

  renew() {
    const time = this.querySelector("time")
    const passed = Date.now() - Date.parse(time?.dateTime)
    // After an hour the server's words, which know the zone, stay.
    if (passed < MINUTE) time.textContent = "just now"
    else if (passed < HOUR) time.textContent = `${Math.floor(passed / MINUTE)} min ago`
  }
}

customElements.define("local-time", LocalTime)
