// <json-view data-root="steps.clean">: arrow keys walk and fold the tree, "c" or the button that
// appears in a row copies the row's path. Without this script the tree still folds.
class JsonView extends HTMLElement {
  connectedCallback() {
    for (const type of ["pointerover", "focusin", "click", "keydown"]) {
      this.addEventListener(type, this)
    }
  }

  handleEvent(event) {
    if (event.type === "keydown") this.walk(event)
    else if (event.type === "click") this.keepOpen(event)
    else this.offer(event.target.closest("[data-path]"))
  }

  get rows() {
    const shown = (row) => row.checkVisibility?.() ?? row.offsetParent !== null
    return [...this.querySelectorAll("[data-path]")].filter(shown)
  }

  offer(row) {
    if (!row || row.dataset.path === "" || row.contains(this.button)) return
    this.button ??= this.makeButton()
    this.button.setAttribute("value", this.pathOf(row))
    this.button.firstChild.setAttribute("aria-label", `Copy the path ${this.pathOf(row)}`)
    row.append(this.button)
  }

  makeButton() {
    const button = document.createElement("button")
    Object.assign(button, { type: "button", className: "json__copy", tabIndex: -1 })
    button.append(this.makeIcon("copy", "copy__idle"), this.makeIcon("check", "copy__done"))
    const copier = document.createElement("copy-button")
    copier.append(button)
    return copier
  }

  makeIcon(name, more) {
    const icon = document.querySelector("svg.icon:has(> use)").cloneNode(true)
    const sprite = icon.firstElementChild.getAttribute("href").split("#")[0]
    icon.firstElementChild.setAttribute("href", `${sprite}#${name}`)
    icon.setAttribute("class", `icon icon--s ${more}`)
    return icon
  }

  keepOpen(event) {
    if (event.target.closest(".json__copy")) event.preventDefault()
  }

  copy(row) {
    this.offer(row)
    this.button.firstChild.click()
  }

  pathOf(row) {
    const { root } = this.dataset
    const { path } = row.dataset
    if (!root) return path
    return path.startsWith("[") ? root + path : `${root}.${path}`
  }

  walk(event) {
    const rows = this.rows
    const at = rows.indexOf(document.activeElement)
    const row = rows[at]
    const moves = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 }
    if (event.key in moves) this.focusRow(rows[Math.max(moves[event.key], 0)], event)
    else if (row && event.key === "c" && !event.ctrlKey && !event.metaKey) this.copy(row)
    else if (row && event.key === "ArrowRight") this.fold(row, true, event)
    else if (row && event.key === "ArrowLeft") this.fold(row, false, event)
  }

  focusRow(row, event) {
    if (!row) return
    event.preventDefault()
    if (row.tagName !== "SUMMARY") row.tabIndex = -1
    row.focus()
  }

  fold(row, open, event) {
    const group = row.parentElement
    const isHead = row.tagName === "SUMMARY"
    if (isHead && group.open !== open) group.open = open
    else if (!open) this.focusRow((isHead ? group.parentElement : row).closest("details")?.firstElementChild, event)
    event.preventDefault()
  }
}

customElements.define("json-view", JsonView)
