// <time-zone> around a select: chooses the browser's zone and says what time it is there.
class TimeZone extends HTMLElement {
  connectedCallback() {
    // Morphing connects an element before its children exist.
    queueMicrotask(() => this.begin())
  }

  begin() {
    const select = this.querySelector("select")
    if (!select) return
    const here = Intl.DateTimeFormat().resolvedOptions().timeZone
    const known = [...select.options].some((option) => option.value === here)
    if (known && !this.hasAttribute("keep") && select.value === "UTC") select.value = here
    select.addEventListener("change", () => this.tell(select))
    this.tell(select)
  }

  tell(select) {
    const help = this.querySelector(".field__help")
    if (!help) return
    const city = select.selectedOptions[0].textContent.replace(/ \(.*/, "")
    const form = { hour: "2-digit", minute: "2-digit", timeZone: select.value, hourCycle: "h23" }
    const now = new Intl.DateTimeFormat("en", form).format(new Date())
    help.textContent = `It is ${now} there now. “Every day at 9:00” means 9:00, ${city}.`
  }
}

customElements.define("time-zone", TimeZone)
