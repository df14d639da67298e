// Moving a card with the keyboard: arrows choose the place, each is announced, Enter drops.
import { announce, operate } from "./changes.js"
import { flow, focusCard, nameOf } from "./cards.js"

let moving = null

export const isMoving = () => moving !== null

// The places a card may go to: everywhere but into itself.
export function placesFor(card) {
  const own = card?.closest(".node")
  return [...flow().querySelectorAll("[data-at]")].filter((place) => !own?.contains(place))
}

export function showPlaces(places) {
  const all = [...flow().querySelectorAll("[data-at]")]
  for (const place of all) place.classList.toggle("place--no", !places.includes(place))
  document.body.classList.add("is-placing")
}

export function hidePlaces() {
  document.body.classList.remove("is-placing")
  for (const place of flow().querySelectorAll(".place--near, .place--no")) {
    place.classList.remove("place--near", "place--no")
  }
}

export function startMoving(card) {
  if (!card || card.dataset.step === "start") return
  const places = placesFor(card)
  const node = card.closest(".node")
  const next = places.findIndex((place) => node.compareDocumentPosition(place) & Node.DOCUMENT_POSITION_FOLLOWING)
  moving = { id: card.dataset.step, card, places, at: Math.max(0, next) }
  card.classList.add("card--lifted")
  card.querySelector(".card__main").focus({ preventScroll: true })
  showPlaces(places)
  point(0)
}

function point(step) {
  const { id, places } = moving
  places[moving.at].classList.remove("place--near")
  moving.at = (moving.at + step + places.length) % places.length
  const place = places[moving.at]
  place.classList.add("place--near")
  place.scrollIntoView({ block: "center", inline: "center" })
  const number = `place ${moving.at + 1} of ${places.length}`
  announce(`Move ${nameOf(id)} to ${number}, ${place.dataset.name}. Enter to drop, Escape to cancel.`)
}

function end() {
  const { id, card } = moving
  moving = null
  card.classList.remove("card--lifted")
  hidePlaces()
  return id
}

export function dropMoving(place) {
  const at = place.dataset.at
  const id = end()
  operate({ op: "move", id, at }).then(() => announce(`${nameOf(id)} moved ${place.dataset.name}`))
}

// What a key does while a card is being moved; true if it was for us.
export function moveKey(event) {
  if (!moving) return false
  const steps = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }
  if (event.key in steps) point(steps[event.key])
  else if (event.key === "Enter") dropMoving(moving.places[moving.at])
  else if (event.key === "Escape") {
    focusCard(end())
    announce("Move cancelled")
  } else return true
  event.preventDefault()
  return true
}
