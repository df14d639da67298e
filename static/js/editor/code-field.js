// <code-field><textarea>…: numbers the lines, indents by Tab and marks the line with a problem.
// Escape gives Tab back its usual meaning, so that nobody is caught in the field.
const INDENT = "    "
const HINT = "Tab indents. To leave by keys, press Escape, then Tab."

class CodeField extends HTMLElement {
  connectedCallback() {
    if (this.text?.isConnected) return
    this.text = this.querySelector("textarea")
    if (this.text) this.begin()
    else queueMicrotask(() => this.isConnected && this.querySelector("textarea") && this.connectedCallback())
  }

  disconnectedCallback() {
    this.watcher?.disconnect()
  }

  begin() {
    this.lines = this.part("div", "codefield__lines")
    this.lines.ariaHidden = "true"
    this.hint = this.part("p", "codefield__hint")
    this.hint.id = `${this.text.id}-keys`
    this.hint.textContent = HINT
    this.text.before(this.lines)
    this.parentElement.append(this.hint)
    this.text.setAttribute("aria-describedby", `${this.hint.id} ${this.text.getAttribute("aria-describedby")}`)
    for (const type of ["input", "keydown", "scroll", "focus"]) this.text.addEventListener(type, this)
    this.watcher = new MutationObserver(() => this.mark())
    this.watcher.observe(this.parentElement, { childList: true, subtree: true })
    this.number()
  }

  part(tag, name) {
    const old = this.parentElement.querySelector(`:scope .${name}`)
    old?.remove()
    const made = document.createElement(tag)
    made.className = name
    return made
  }

  handleEvent(event) {
    this[`on_${event.type}`](event)
  }

  on_input() {
    this.number()
  }

  on_scroll() {
    this.lines.scrollTop = this.text.scrollTop
  }

  on_focus() {
    this.isLeaving = false
  }

  on_keydown(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return
    if (event.key === "Escape" && !this.isLeaving) {
      this.isLeaving = true
      event.stopPropagation()
    } else if (event.key === "Tab" && !this.isLeaving && !this.text.readOnly) {
      event.preventDefault()
      this.indent(event.shiftKey)
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault()
      this.put(`\n${this.nextIndent()}`)
    } else if (event.key !== "Shift" && event.key !== "Tab") this.isLeaving = false
  }

  // Of the next line: as deep as this one, and deeper behind a colon.
  nextIndent() {
    const before = this.text.value.slice(0, this.text.selectionStart)
    const line = before.slice(before.lastIndexOf("\n") + 1)
    return line.match(/^ */)[0] + (line.trimEnd().endsWith(":") ? INDENT : "")
  }

  indent(isBack) {
    const { selectionStart: start, selectionEnd: end, value } = this.text
    const from = value.lastIndexOf("\n", start - 1) + 1
    const lines = value.slice(from, end)
    if (!isBack && !lines.includes("\n")) return this.put(INDENT.slice((start - from) % INDENT.length))
    const moved = lines.replaceAll(/^.*$/gm, (line) => (isBack ? line.replace(/^ {1,4}/, "") : line && INDENT + line))
    this.text.setSelectionRange(from, end)
    this.put(moved)
    if (lines.includes("\n")) this.text.setSelectionRange(from, from + moved.length)
  }

  // Through the browser's own editing, so that Undo knows of it.
  put(text) {
    const isPut = text ? document.execCommand("insertText", false, text) : document.execCommand("delete")
    if (isPut) return
    this.text.setRangeText(text, this.text.selectionStart, this.text.selectionEnd, "end")
    this.text.dispatchEvent(new Event("input", { bubbles: true }))
  }

  number() {
    const count = this.text.value.split("\n").length
    if (count !== this.lines.childElementCount) {
      const numbers = Array.from({ length: count }, (_, index) => {
        const number = document.createElement("span")
        number.textContent = index + 1
        return number
      })
      this.lines.replaceChildren(...numbers)
    }
    this.mark()
  }

  mark() {
    const said = this.parentElement?.querySelector(".below .field__error")?.textContent ?? ""
    const line = Number(said.match(/^\s*line (\d+), column/i)?.[1])
    for (const [index, number] of [...this.lines.children].entries()) {
      number.classList.toggle("is-bad", index + 1 === line)
    }
    if (said) this.text.setAttribute("aria-invalid", "true")
    else this.text.removeAttribute("aria-invalid")
  }
}

customElements.define("code-field", CodeField)
