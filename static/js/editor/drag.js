// Dragging cards and library entries with a pointer: the nearest allowed place takes them.
import { operate } from "./changes.js"
import { isOpen } from "./adder.js"
import { hidePlaces, placesFor, showPlaces } from "./moving.js"

const BEGINS_AFTER = 6 // pixels
const REACH = 140 // pixels from the pointer to a place
const EDGE = 50
const EDGE_STEP = 14

let drag = null
let isJustOver = false

export const isDragging = () => Boolean(drag?.ghost)
export const justDragged = () => isJustOver

document.addEventListener("pointerdown", (event) => {
  isJustOver = false
  if (event.button !== 0 || event.pointerType === "touch" || !document.getElementById("adder")) return
  if (event.target.closest(".card__more, .place__add, .flow--run, input")) return
  const card = event.target.closest(".card[data-step]:not(.card--start)")
  const offer = event.target.closest(".offer")
  if (card || offer) drag = { card, offer, x: event.clientX, y: event.clientY }
})

document.addEventListener("pointermove", (event) => {
  if (!drag) return
  const distance = Math.hypot(event.clientX - drag.x, event.clientY - drag.y)
  if (!drag.ghost && distance >= BEGINS_AFTER) begin()
  if (!drag.ghost) return
  drag.ghost.style.setProperty("translate", `${event.clientX + 12}px ${event.clientY + 10}px`)
  drag.isCopy = event.altKey
  point(event)
  scrollAtEdges(event)
})

function begin() {
  if (isOpen()) document.getElementById("adder").hidePopover()
  drag.card?.classList.add("card--lifted")
  drag.places = placesFor(drag.card)
  showPlaces(drag.places)
  const source = drag.card ?? drag.offer
  drag.ghost = source.cloneNode(true)
  drag.ghost.removeAttribute("id")
  drag.ghost.classList.remove("card--lifted", "card--selected")
  drag.ghost.classList.add("drag-ghost")
  drag.ghost.setAttribute("aria-hidden", "true")
  drag.ghost.inert = true
  document.body.append(drag.ghost)
}

function point({ clientX: x, clientY: y }) {
  let best = null
  let least = REACH
  for (const place of drag.places) {
    const box = place.getBoundingClientRect()
    const aside = Math.max(box.left - x, 0, x - box.right)
    const distance = Math.hypot(aside, Math.abs(box.top + box.height / 2 - y))
    if (distance < least) [best, least] = [place, distance]
  }
  if (best === drag.best) return
  drag.best?.classList.remove("place--near")
  best?.classList.add("place--near")
  drag.best = best
}

function scrollAtEdges({ clientX: x, clientY: y }) {
  const canvas = document.getElementById("canvas")
  const box = canvas.getBoundingClientRect()
  const across = x < box.left + EDGE ? -EDGE_STEP : x > box.right - EDGE ? EDGE_STEP : 0
  const down = y < box.top + EDGE ? -EDGE_STEP : y > box.bottom - EDGE ? EDGE_STEP : 0
  if (across || down) canvas.scrollBy(across, down)
}

export function endDrag(isDropped) {
  const done = drag
  drag = null
  if (!done?.ghost) return
  isJustOver = true
  setTimeout(() => (isJustOver = false))
  done.ghost.remove()
  done.card?.classList.remove("card--lifted")
  hidePlaces()
  if (!isDropped || !done.best) return
  const at = done.best.dataset.at
  if (done.offer) operate({ op: "insert", type: done.offer.dataset.type, at })
  else operate({ op: done.isCopy ? "copy" : "move", id: done.card.dataset.step, at })
}

document.addEventListener("pointerup", () => endDrag(true))
document.addEventListener("pointercancel", () => endDrag(false))
document.addEventListener("dragstart", (event) => {
  if (event.target.closest?.(".card__main, .offer")) event.preventDefault()
})
