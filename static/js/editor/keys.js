// The keyboard. Single letters act only while a card has the focus, and never while typing.
import { isOpen, openAdder, openLibrary, placeAfter } from "./adder.js"
import { fit, larger, smaller } from "./canvas.js"
import { closePanel, focusCard, select, selectedId, towards } from "./cards.js"
import { operate } from "./changes.js"
import { endDrag, isDragging } from "./drag.js"
import { moveKey, startMoving } from "./moving.js"

const TYPING = "input, textarea, select, [contenteditable=true]"
const AREAS = [".rail__item", "#workflow-label, .subnav__item", ".card__main[tabindex='0']", "#panel [role=tab][aria-selected=true], #panel button"]
const mayEdit = () => Boolean(document.getElementById("adder"))

addEventListener("keydown", (event) => {
  if (moveKey(event)) return
  if (event.key === "Escape" && isDragging()) return endDrag(false)
  const isTyping = event.target.closest?.(TYPING)
  const did = withControl(event, isTyping) || anywhere(event, isTyping) || onCard(event, isTyping)
  if (did) event.preventDefault()
})

function withControl(event, isTyping) {
  if (!event.ctrlKey && !event.metaKey) return false
  const key = event.key.toLowerCase()
  if (key === "enter") return press("#actions [data-do=dialog]")
  if (["+", "=", "-", "0"].includes(key) && !isTyping) return zoomKey(key)
  if (isTyping || !mayEdit()) return false
  if (key === "z") return Boolean(operate({ op: event.shiftKey ? "redo" : "undo" }))
  if (key === "y") return Boolean(operate({ op: "redo" }))
  const id = focused()
  if (key === "d" && id && id !== "start") return Boolean(operate({ op: "duplicate", id }))
  return false
}

function zoomKey(key) {
  if (key === "-") smaller()
  else if (key === "0") fit()
  else larger()
  return true
}

function anywhere(event, isTyping) {
  if (event.key === "F6") return nextArea(event.shiftKey ? -1 : 1)
  if (event.key === "Escape" && event.target.closest("#panel")) {
    focusCard(selectedId())
    return true
  }
  if (isTyping || event.altKey || event.target.closest("dialog")) return false
  if (event.key === "!" || (event.shiftKey && event.code === "Digit1")) return fit() ?? true
  if (event.key === "?") return document.getElementById("keys")?.showModal() ?? true
  if (event.key === "/" && mayEdit() && !isOpen()) {
    openLibrary(document.getElementById("steps-button"))
    return true
  }
  return false
}

function onCard(event, isTyping) {
  const card = event.target.closest?.(".card[data-step]")
  if (!card || isTyping || event.ctrlKey || event.metaKey || event.altKey) return false
  const next = /^(Arrow|Home$|End$)/.test(event.key) && towards(card, event.key)
  if (next) return focusCard(next.dataset.step) ?? true
  if (event.key === "Enter" && event.target.matches(".card__main")) return Boolean(select(card.dataset.step))
  if (event.key === "Escape" && selectedId()) return Boolean(closePanel())
  if (!mayEdit() || event.target.matches("button")) return false
  return change(event.key, card)
}

function change(key, card) {
  const id = card.dataset.step
  if (key === "+" || key.toLowerCase() === "a") {
    openAdder(placeAfter(id).querySelector(".place__add"))
  } else if (id === "start") return false
  else if (key.toLowerCase() === "m") startMoving(card)
  else if (key === "Delete" || key === "Backspace") operate({ op: "remove", id })
  else return false
  return true
}

const focused = () => document.activeElement?.closest(".card[data-step]")?.dataset.step

function press(selector) {
  document.querySelector(selector)?.click()
  return true
}

function nextArea(step) {
  const found = AREAS.map((area) => [...document.querySelectorAll(area)].find((one) => one.checkVisibility()))
  const there = found.filter(Boolean)
  const roots = [".rail", ".workbar", ".canvas", ".panel"]
  const now = there.findIndex((one) => roots.some((root) => one.closest(root)?.contains(document.activeElement)))
  there[(now + step + there.length) % there.length]?.focus()
  return true
}
