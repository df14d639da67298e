// <modal-dialog open-now><dialog>…: opens what was swapped in, and removes it once closed.
// Also opens and closes dialogs by command= where the browser doesn't.
class ModalDialog extends HTMLElement {
  connectedCallback() {
    // Morphing connects an element before its children exist.
    queueMicrotask(() => this.begin())
  }

  begin() {
    const dialog = this.querySelector("dialog")
    if (!dialog || !this.hasAttribute("open-now") || dialog.open) return
    dialog.showModal()
    dialog.addEventListener("close", () => this.remove())
  }
}

customElements.define("modal-dialog", ModalDialog)

if (!("command" in HTMLButtonElement.prototype)) {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[commandfor]")
    const dialog = button && document.getElementById(button.getAttribute("commandfor"))
    if (button?.getAttribute("command") === "show-modal") dialog?.showModal()
    if (button?.getAttribute("command") === "close") dialog?.close()
  })
}
