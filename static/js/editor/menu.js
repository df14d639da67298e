// The menu behind a card's ⋮: one element for all cards.
const menu = document.getElementById("card-menu")
let owner = ""

export function openMenu(button) {
  const card = button.closest(".card")
  owner = card.dataset.step
  const toggle = menu.querySelector("[data-word-on]")
  const isOff = card.classList.contains("card--off")
  toggle.textContent = isOff ? toggle.dataset.wordOn : toggle.dataset.wordOff
  menu.showPopover({ source: button })
  if (!CSS.supports("position-area: block-end")) {
    const box = button.getBoundingClientRect()
    menu.style.setProperty("left", `${Math.max(8, box.right - menu.offsetWidth)}px`)
    menu.style.setProperty("top", `${box.bottom + 4}px`)
  }
  menu.querySelector("button").focus()
}

// Closes it and says whose it was.
export function closeMenu() {
  menu.hidePopover()
  return owner
}

menu?.addEventListener("keydown", (event) => {
  const items = [...menu.querySelectorAll("[role=menuitem]")]
  const at = items.indexOf(document.activeElement)
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key]
  if (to === undefined) return
  event.preventDefault()
  items[(to + items.length) % items.length].focus()
})
