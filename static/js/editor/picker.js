// The data picker at the panel's foot: inserts into the field that was used last.
import { lastField } from "./token-field.js"

const SMALLEST = 96 // pixels
let height = 0

const panel = () => document.getElementById("panel")

export function insertValue(path) {
  const field = lastField?.isConnected ? lastField : panel().querySelector("[role=tabpanel]:not([hidden]) token-field")
  if (!field || field.closest("[hidden]")) return
  field.insert(path)
}

document.addEventListener("token-field:focus", (event) => {
  panel().dataset.picker = "open"
  const words = document.getElementById("picker-into")
  if (!words) return
  const name = document.createElement("b")
  name.textContent = event.detail.label || "this field"
  words.replaceChildren("Inserts into: ", name)
})

// On phones the list waits folded until it is asked for.
document.addEventListener("click", (event) => {
  const head = event.target.closest?.(".picker__grip, .picker__title")
  if (!head || !matchMedia("(max-width: 760px)").matches) return
  if (panel().dataset.picker) delete panel().dataset.picker
  else panel().dataset.picker = "open"
})

// Of a long workflow only the nearest steps are there at first.
export async function showAllValues() {
  const button = panel().querySelector("[data-do=more-values]")
  if (!button) return
  await htmx.ajax("GET", button.dataset.source, { source: "#canvas", target: "#picker-list", swap: "innerHTML" })
}

document.addEventListener("input", async (event) => {
  if (!event.target.matches("[data-find-value]")) return
  await showAllValues()
  const wanted = event.target.value.trim().toLowerCase()
  let isAny = false
  for (const source of panel().querySelectorAll(".source")) {
    const isNamed = source.querySelector("summary").textContent.toLowerCase().includes(wanted)
    for (const value of source.querySelectorAll(".value")) {
      value.hidden = !isNamed && !value.textContent.toLowerCase().includes(wanted)
    }
    source.hidden = !isNamed && !source.querySelector(".value:not([hidden])")
    if (wanted && !source.hidden) source.open = true
    isAny ||= !source.hidden
  }
  panel().querySelector(".picker__none").hidden = isAny
})

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-examples]")) {
    panel().querySelector(".picker").classList.toggle("picker--plain", !event.target.checked)
  }
})

// The grip: drawn by the pointer, moved by the arrows, the height kept while the page is open.
function setHeight(wished) {
  height = Math.min(Math.max(wished, SMALLEST), panel().clientHeight - 160)
  const picker = panel().querySelector(".picker")
  picker?.style.setProperty("block-size", `${height}px`)
  const share = Math.round((height / panel().clientHeight) * 100)
  picker?.querySelector("[data-grip]").setAttribute("aria-valuenow", String(share))
}

document.addEventListener("pointerdown", (event) => {
  const grip = event.target.closest?.("[data-grip]")
  if (!grip) return
  event.preventDefault()
  const bottom = panel().getBoundingClientRect().bottom
  const follow = (move) => setHeight(bottom - move.clientY)
  addEventListener("pointermove", follow)
  addEventListener("pointerup", () => removeEventListener("pointermove", follow), { once: true })
})
document.addEventListener("keydown", (event) => {
  const step = { ArrowUp: 24, ArrowDown: -24 }[event.key]
  if (!step || !event.target.matches?.("[data-grip]")) return
  event.preventDefault()
  setHeight(event.target.closest(".picker").clientHeight + step)
})
document.addEventListener("htmx:after:swap", () => {
  const picker = height && panel()?.querySelector(".picker")
  if (picker && !picker.style.blockSize) setHeight(height)
})
