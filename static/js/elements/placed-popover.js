// Puts a popover below the button that opened it, in browsers without CSS anchors.
const MARGIN = 8

function place(popover, button) {
  const at = button.getBoundingClientRect()
  const below = at.bottom + popover.offsetHeight + MARGIN < innerHeight
  const left = Math.min(at.right, innerWidth - MARGIN) - popover.offsetWidth
  popover.style.position = "fixed"
  popover.style.left = `${Math.max(MARGIN, left)}px`
  popover.style.top = `${below ? at.bottom : Math.max(MARGIN, at.top - popover.offsetHeight)}px`
}

if (!CSS.supports("position-area", "block-end")) {
  const whenOpened = (event) => {
    const popover = event.target
    const button = popover.id && document.querySelector(`[popovertarget="${popover.id}"]`)
    if (event.newState === "open" && button) place(popover, button)
  }
  document.addEventListener("toggle", whenOpened, true)
}
