// <chosen-rows><form>…</form></chosen-rows>: says how many rows are ticked, ticks all of the page or
// with Shift all between two, and keeps the list still meanwhile. Without it each is ticked by hand.
class ChosenRows extends HTMLElement {
  connectedCallback() {
    this.list = this.parentElement
    for (const type of ["change", "click", "reset"]) this.addEventListener(type, this)
    this.list.addEventListener("htmx:before:request", this)
    this.show()
  }

  disconnectedCallback() {
    this.list.removeEventListener("htmx:before:request", this)
  }

  get boxes() {
    return [...this.querySelectorAll("[name=run]")]
  }

  get page() {
    return this.querySelector(".chosen__page")
  }

  get ticked() {
    return this.boxes.filter((box) => box.checked).length
  }

  handleEvent(event) {
    if (event.type === "htmx:before:request") return this.keepStill(event)
    if (event.type === "reset") return setTimeout(() => this.show())
    if (event.type === "click") return this.fill(event)
    if (event.target === this.page) for (const box of this.boxes) box.checked = this.page.checked
    this.show()
  }

  keepStill(event) {
    if (event.target === this.list && this.ticked) event.preventDefault()
  }

  fill(event) {
    if (event.target.name !== "run") return
    const { boxes } = this
    const at = boxes.indexOf(event.target)
    const from = boxes.indexOf(this.last)
    this.last = event.target
    if (!event.shiftKey || from < 0) return
    const [first, end] = [Math.min(at, from), Math.max(at, from)]
    for (const box of boxes.slice(first, end)) box.checked = event.target.checked
  }

  show() {
    const { ticked, page } = this
    const all = this.querySelector("[name=all]")?.checked
    page.checked = ticked > 0 && ticked === this.boxes.length
    page.indeterminate = ticked > 0 && !page.checked
    this.querySelector(".bulk__count").textContent = all ? "Chosen:" : `${ticked} chosen`
  }
}

customElements.define("chosen-rows", ChosenRows)
