// <modal-dialog back="/there"><dialog open>…: makes the dialog modal. Closed, it is removed from
// #dialogs; on a page of its own it leads back. Helps browsers without command= on buttons.
class ModalDialog extends HTMLElement {
  connectedCallback() {
    // Morphing connects an element before its children exist.
    queueMicrotask(() => this.begin())
  }

  begin() {
    const dialog = this.querySelector("dialog")
    if (!dialog || dialog.matches(":modal")) return
    dialog.removeAttribute("open")
    dialog.showModal()
    // Not by autofocus: htmx would focus it before the dialog knows where to give the focus back.
    this.firstField(dialog)?.focus()
    dialog.addEventListener("close", () => this.leave())
  }

  firstField(dialog) {
    return dialog.querySelector(".dialog__body :is(input, select, textarea), .dialog__foot button")
  }

  leave() {
    if (this.closest("#dialogs")) this.remove()
    else if (this.isConnected) location.assign(this.getAttribute("back"))
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
