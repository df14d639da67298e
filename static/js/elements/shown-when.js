// <shown-when field="style" values="header query">…</shown-when>: there only while the form's
// control of that name has one of the values. Without JavaScript all of it shows.
class ShownWhen extends HTMLElement {
  connectedCallback() {
    // Morphing connects an element before the controls around it exist.
    queueMicrotask(() => this.update())
    document.addEventListener("change", this)
  }

  disconnectedCallback() {
    document.removeEventListener("change", this)
  }

  handleEvent(event) {
    if (event.target.name === this.getAttribute("field")) this.update()
  }

  update() {
    const control = this.closest("form")?.elements[this.getAttribute("field")]
    if (!control) return
    const isShown = this.getAttribute("values").split(" ").includes(control.value)
    this.hidden = !isShown
    for (const inner of this.querySelectorAll("input, select, textarea")) inner.disabled = !isShown
  }
}

customElements.define("shown-when", ShownWhen)
