// <copy-button value="…"><button>Copy</button></copy-button>: puts its value on the clipboard.
class CopyButton extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", this)
  }

  async handleEvent() {
    await this.copy(this.getAttribute("value"))
    this.toggleAttribute("copied", true)
    setTimeout(() => this.toggleAttribute("copied", false), 1500)
  }

  async copy(text) {
    // The clipboard is there on https and on this machine only.
    if (navigator.clipboard) return navigator.clipboard.writeText(text)
    const area = document.createElement("textarea")
    area.value = text
    this.append(area)
    area.select()
    document.execCommand("copy")
    area.remove()
  }
}

customElements.define("copy-button", CopyButton)
