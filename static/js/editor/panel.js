// The panel: what is typed is saved by itself; tabs; rows of forms; the way to a field.
import { announce, currentTab, operate, send } from "./changes.js"
import { card, select, selectedId } from "./cards.js"

const TYPING = 500 // milliseconds
const dirty = new Map() // form → names of its changed fields
let timer = 0
let unsent = null // what a conflict kept from being saved

const panel = () => document.getElementById("panel")
const fieldOf = (control) => control.closest("[data-field]")?.dataset.field ?? control.name

function note(control) {
  const { form } = control
  if (!form?.matches("[data-autosave]") || !control.name) return
  if (!dirty.has(form)) dirty.set(form, new Set())
  dirty.get(form).add(fieldOf(control))
}

// Send what has changed now: before anything else happens.
export function flush(more = {}) {
  clearTimeout(timer)
  for (const [form, names] of dirty) submit(form, [...names], more)
  dirty.clear()
}

function submit(form, names, more = {}) {
  const values = { ...Object.fromEntries(new FormData(form)), fields: names.join(" "), tab: currentTab(), ...more }
  unsent = { url: form.getAttribute("action"), values }
  return send(form.getAttribute("action"), values).then((status) => {
    if (status >= 500 && form.isConnected) dirty.set(form, new Set([...(dirty.get(form) ?? []), ...names]))
    return status
  })
}

document.addEventListener("input", (event) => {
  note(event.target)
  if (!dirty.size) return
  clearTimeout(timer)
  timer = setTimeout(flush, TYPING)
})
document.addEventListener("change", (event) => {
  const control = event.target
  if (control.matches("[data-rename]")) return rename(control)
  if (control.closest("[data-switch]")) return flip(control)
  showDependents(control)
  if (control.matches("[data-comparison]")) adjust(control)
  note(control)
  if (control.dataset.redraw) return redraw(control)
  if (control.matches("select, [type=checkbox], [type=radio]")) flush()
})
document.addEventListener("focusout", (event) => {
  if (event.target.form && dirty.has(event.target.form)) flush()
})
document.addEventListener("editor:leaving", () => flush())
document.addEventListener("submit", (event) => {
  const { target: form } = event
  if (form.matches("[data-autosave]")) flush()
  else if (form.matches("[data-send]")) send(form.getAttribute("action"), Object.fromEntries(new FormData(form)))
  else return
  event.preventDefault()
})

function rename(input) {
  send(document.getElementById("changes").dataset.label, { label: input.value })
}

function flip(box) {
  send(box.form.getAttribute("action"), { on: String(box.checked) })
}

function redraw(control) {
  changeForm(control, { action: "redraw", target: control.dataset.redraw })
}

// A button or a choice inside a form that changes its rows: saved, then that part is drawn anew.
export function changeForm(control, given = {}) {
  const { form } = control
  const { action, target, row = "" } = { ...control.dataset, ...given }
  const names = new Set(dirty.get(form) ?? [])
  dirty.delete(form)
  flush()
  names.add(fieldOf(control) ?? target)
  submit(form, [...names], { action, target, row }).then(() => focusPart(action, target))
}

function focusPart(action, target) {
  const name = target.startsWith("parameters") ? "parameters" : target
  const controls = [...panel().querySelectorAll(`[name^="${CSS.escape(name)}."]:not([type=hidden])`)]
  const rows = controls.filter((control) => /\.rows\.\d+\.(key|left)$/.test(control.name))
  if (action === "add-row" && rows.length) focusOn(rows.at(-1))
  else if (action === "redraw") panel().querySelector(`[data-redraw="${CSS.escape(target)}"]`)?.focus()
  else if (controls.length) focusOn(controls[0])
}

export function focusOn(control) {
  const editor = control?.closest("token-field")?.querySelector("[role=textbox]")
  ;(editor ?? control)?.focus()
}

// Fields that matter only beside some value of another field.
function showDependents(control) {
  for (const part of panel()?.querySelectorAll("[data-shown-when]") ?? []) {
    const { name, values } = JSON.parse(part.dataset.shownWhen)
    if (name === control.name) part.hidden = !values.includes(control.value)
  }
}

// “is empty” has nothing to compare with.
function adjust(select) {
  const isAlone = ["is_empty", "is_not_empty"].includes(select.value)
  select.closest(".condition").classList.toggle("condition--alone", isAlone)
}

export function showTab(key, isFocused = false) {
  for (const tab of panel().querySelectorAll("[role=tab]")) {
    const isHere = tab.dataset.tab === key
    tab.setAttribute("aria-selected", String(isHere))
    tab.tabIndex = isHere ? 0 : -1
    document.getElementById(tab.getAttribute("aria-controls")).hidden = !isHere
    if (isHere && isFocused) tab.focus()
  }
  panel().classList.toggle("panel--test", key === "test")
}

document.addEventListener("keydown", (event) => {
  const tab = event.target.closest?.("#panel [role=tab]")
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
  if (!tab || !step) return
  const tabs = [...panel().querySelectorAll("[role=tab]")]
  showTab(tabs[(tabs.indexOf(tab) + step + tabs.length) % tabs.length].dataset.tab, true)
})

export function reveal(button) {
  const part = document.getElementById(button.dataset.reveal)
  part.hidden = !part.hidden
  button.setAttribute("aria-expanded", String(!part.hidden))
  if (!part.hidden) part.querySelector("textarea, input:not([type=hidden])")?.focus()
}

export function addBranch(key = "") {
  operate({ op: "add_branch", id: selectedId(), key }).then(() => {
    const names = [...panel().querySelectorAll(".branch__name")]
    const added = key ? names.find((name) => name.name.includes(`.${key}.`)) : names.findLast((name) => /path_\d/.test(name.name))
    added?.select()
    added?.focus()
  })
}

export function chooseStart(button) {
  const { start } = button.dataset
  send(document.getElementById("changes").dataset.called, { on: String(start === "called") })
}

// From the list of problems to the field that is to blame.
export async function showField(step, field) {
  document.querySelector("#problem-list:popover-open")?.hidePopover()
  document.querySelector("#dialogs dialog")?.close()
  await select(step, { focus: false })
  card(step)?.scrollIntoView({ block: "center", inline: "center" })
  const wanted = field ? partOf(field) : null // some problems are about the whole step
  const tab = wanted?.closest("[role=tabpanel]")?.id.replace("panel-", "")
  if (tab) showTab(tab)
  wanted?.closest("details")?.setAttribute("open", "")
  focusOn(wanted?.querySelector("textarea, input:not([type=hidden]), select") ?? panel().querySelector("button"))
  wanted?.scrollIntoView({ block: "center" })
}

const outer = (name) => name.slice(0, Math.max(name.lastIndexOf("."), name.lastIndexOf("["), 0))

function partOf(field) {
  for (let name = field; name; name = outer(name)) {
    const here = CSS.escape(name)
    const part = panel().querySelector(`[data-field="${here}"], [data-place="${here}"]`)
    if (part) return part
  }
  return panel().querySelector("#branches, #parameters")
}

export function keepMine() {
  if (unsent) send(unsent.url, unsent.values).then(() => document.getElementById("conflict")?.replaceChildren())
}

export function takeTheirs() {
  dirty.clear()
  select(selectedId()).then(() => announce("Their version is shown"))
}

