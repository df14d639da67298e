// <token-field><textarea>…: shows {{ expressions }} in the text as pills. The textarea stays the
// truth: it is what the form sends, and what there is without this script.
import { describe, pieces } from "./expressions.js"
import { openThen } from "./then.js"

const EDGE = "\u200b" // keeps a place for the caret beside a pill
const ICON = "http://www.w3.org/2000/svg"

export let lastField = null

class TokenField extends HTMLElement {
  connectedCallback() {
    if (this.editor) return
    this.text = this.querySelector("textarea")
    if (this.text) this.begin()
    else queueMicrotask(() => this.isConnected && this.querySelector("textarea") && this.connectedCallback())
  }

  begin() {
    this.editor = document.createElement("div")
    this.editor.className = "tokens"
    if (this.hasAttribute("data-small")) this.editor.classList.add("tokens--s")
    if (this.hasAttribute("data-code")) this.editor.classList.add("tokens--code")
    if (this.isTall) this.editor.classList.add("tokens--tall")
    this.editor.contentEditable = String(!this.text.matches(":disabled"))
    this.editor.spellcheck = false
    const given = { role: "textbox", "aria-multiline": String(this.isTall), "aria-label": this.text.ariaLabel }
    for (const [name, value] of Object.entries(given)) if (value) this.editor.setAttribute(name, value)
    const label = this.text.getAttribute("aria-labelledby")
    if (label) this.editor.setAttribute("aria-labelledby", label)
    this.editor.dataset.placeholder = this.text.placeholder
    this.text.hidden = true
    this.append(this.editor)
    this.draw()
    for (const type of ["input", "keydown", "focus", "paste", "copy", "cut", "dragover", "drop", "click"]) {
      this.editor.addEventListener(type, this)
    }
  }

  get isTall() {
    return Number(this.dataset.rows) > 1
  }

  get label() {
    const named = document.getElementById(this.text.getAttribute("aria-labelledby"))
    return (named?.firstChild?.textContent ?? this.text.ariaLabel ?? "").trim()
  }

  handleEvent(event) {
    this[`on_${event.type}`](event)
  }

  on_input() {
    this.sync()
  }

  on_focus() {
    lastField = this
    document.dispatchEvent(new CustomEvent("token-field:focus", { detail: this }))
  }

  on_keydown(event) {
    const pill = event.key === "F2" && this.pillAtCaret()
    if (pill) openThen(pill, this)
    if (event.key !== "Enter") return
    event.preventDefault()
    if (this.isTall) document.execCommand("insertLineBreak")
  }

  on_click(event) {
    const pill = event.target.closest(".token")
    if (pill && this.editor.isContentEditable) openThen(pill, this)
  }

  on_paste(event) {
    event.preventDefault()
    const text = event.clipboardData.getData("text/plain").replaceAll("\r\n", "\n")
    this.put(this.drawn(this.isTall ? text : text.replaceAll("\n", " ")))
  }

  on_copy(event) {
    const chosen = getSelection()
    if (!chosen.rangeCount || chosen.isCollapsed) return
    event.preventDefault()
    event.clipboardData.setData("text/plain", this.read(chosen.getRangeAt(0).cloneContents()))
  }

  on_cut(event) {
    this.on_copy(event)
    getSelection().deleteFromDocument()
    this.sync()
  }

  on_dragover(event) {
    event.preventDefault()
  }

  on_drop(event) {
    event.preventDefault()
    const spot = document.caretPositionFromPoint?.(event.clientX, event.clientY)
    if (spot && this.editor.contains(spot.offsetNode)) getSelection().collapse(spot.offsetNode, spot.offset)
    this.put(this.drawn(event.dataTransfer.getData("text/plain")))
  }

  insert(path) {
    this.put(this.drawn(`{{ ${path} }}`))
  }

  put(fragment) {
    this.editor.focus()
    const chosen = getSelection()
    const isHere = chosen.rangeCount && this.editor.contains(chosen.anchorNode)
    const range = isHere ? chosen.getRangeAt(0) : document.createRange()
    if (!isHere) {
      range.selectNodeContents(this.editor)
      range.collapse(false)
    }
    range.deleteContents()
    const last = fragment.lastChild
    range.insertNode(fragment)
    if (last) range.setStartAfter(last)
    range.collapse(true)
    chosen.removeAllRanges()
    chosen.addRange(range)
    this.sync()
  }

  pillAtCaret() {
    const { anchorNode, anchorOffset } = getSelection()
    const beside = anchorNode === this.editor ? this.editor.childNodes[anchorOffset - 1] : anchorNode?.previousSibling
    return beside?.classList?.contains("token") ? beside : null
  }

  sync() {
    const text = this.read(this.editor)
    this.editor.classList.toggle("tokens--empty", !text)
    if (text === this.text.value) return
    this.text.value = text
    this.text.dispatchEvent(new Event("input", { bubbles: true }))
  }

  draw() {
    this.editor.replaceChildren(this.drawn(this.text.value))
    this.editor.classList.toggle("tokens--empty", !this.text.value)
  }

  drawn(text) {
    const fragment = document.createDocumentFragment()
    for (const piece of pieces(text)) {
      if (piece.code === undefined) fragment.append(...withBreaks(piece.text))
      else fragment.append(EDGE, pill(piece.code), EDGE)
    }
    return fragment
  }

  read(node) {
    let text = ""
    for (const child of node.childNodes) {
      if (child.nodeType === Node.TEXT_NODE) text += child.data.replaceAll(EDGE, "").replaceAll("\u00a0", " ")
      else if (child.dataset?.code !== undefined) text += `{{ ${child.dataset.code} }}`
      else if (child.nodeName === "BR") text += child.nextSibling || child.previousSibling?.nodeName === "BR" ? "\n" : ""
      else text += this.read(child)
    }
    return text
  }
}

function withBreaks(text) {
  const lines = text.split("\n")
  const nodes = lines.flatMap((line, index) => (index ? [document.createElement("br"), line] : [line]))
  if (lines.length > 1 && lines.at(-1) === "") nodes.push(document.createElement("br"))
  return nodes
}

// A value as one piece that the caret steps over.
export function pill(code) {
  const { words, kind, icon, done, isKnown } = describe(code)
  const element = document.createElement("span")
  element.className = `token kind-${kind}${isKnown ? "" : " token--bad"}`
  element.contentEditable = "false"
  element.draggable = true
  element.dataset.code = code
  element.title = isKnown ? code : `${code}: there is no such step`
  element.append(picture(isKnown ? icon : "circle-alert"), named("token__name", words))
  if (done) element.append(named("token__done", done))
  return element
}

function named(name, text) {
  const part = document.createElement("span")
  part.className = name
  part.textContent = text
  return part
}

function picture(name) {
  const known = document.querySelector("svg.icon use").getAttribute("href").split("#")[0]
  const svg = document.createElementNS(ICON, "svg")
  svg.setAttribute("class", "icon")
  svg.setAttribute("aria-hidden", "true")
  const use = document.createElementNS(ICON, "use")
  use.setAttribute("href", `${known}#${name}`)
  svg.append(use)
  return svg
}

document.addEventListener("dragstart", (event) => {
  const code = event.target.closest?.(".token")?.dataset.code ?? event.target.closest?.(".value")?.dataset.path
  if (code) event.dataTransfer.setData("text/plain", `{{ ${code} }}`)
})

customElements.define("token-field", TokenField)
