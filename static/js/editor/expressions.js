// Expressions as people read them: where they begin and end in a text, what a pill says.
const STEP = /^steps\.([a-z][a-z0-9_]*)(.*)$/
const LOOP = /^loops\.([a-z][a-z0-9_]*)\.(item|index)(.*)$/
const ROOT = /^(trigger|vars|item|index|error|run|workspace|env|options)\b(.*)$/
const PATH = /^[a-z_]\w*(\.\w+|\[\d+\]|\['(?:[^'\\]|\\.)*'\])*$/i
const LOOKS = {
  trigger: ["start", "zap"],
  vars: ["data", "variable"],
  item: ["logic", "repeat"],
  index: ["logic", "repeat"],
  error: ["logic", "life-buoy"],
}
const SILENT = ["trigger", "vars"]
const PIPES = {
  upper: "upper case",
  lower: "lower case",
  title: "title case",
  first: "first item",
  last: "last item",
  count: "how many",
  trim: "trimmed",
  format_date: "as a date",
  sum: "sum",
}

// The pieces of a text: plain text, or the inside of {{ … }}.
export function pieces(text) {
  const found = []
  let position = 0
  for (;;) {
    const start = text.indexOf("{{", position)
    const end = start < 0 ? -1 : endOf(text, start + 2)
    if (end < 0) break
    if (start > position) found.push({ text: text.slice(position, start) })
    found.push({ code: text.slice(start + 2, end - 2).trim() })
    position = end
  }
  if (position < text.length) found.push({ text: text.slice(position) })
  return found
}

function endOf(text, from) {
  let quote = ""
  for (let at = from; at < text.length; at += 1) {
    const character = text[at]
    if (quote) {
      if (character === "\\") at += 1
      else if (character === quote) quote = ""
    } else if (character === "'" || character === '"') quote = character
    else if (text.startsWith("}}", at)) return at + 2
  }
  return -1
}

// An expression and the functions it is piped through.
export function split(code) {
  const parts = [""]
  let quote = ""
  let depth = 0
  for (const character of code) {
    if (quote) quote = character === quote ? "" : quote
    else if (character === "'" || character === '"') quote = character
    else if ("([{".includes(character)) depth += 1
    else if (")]}".includes(character)) depth -= 1
    if (character === "|" && !quote && !depth) parts.push("")
    else parts[parts.length - 1] += character
  }
  const [path, ...pipes] = parts.map((part) => part.trim())
  return { path, pipes }
}

// What a pill shows: words, colour, picture, what is done with the value.
export function describe(code) {
  const { path, pipes } = split(code)
  if (!PATH.test(path)) return { words: code, kind: "code", icon: "variable", done: "", isKnown: true }
  const done = pipes.map(pipeWords).join(", ")
  const step = path.match(STEP) ?? path.match(LOOP)
  if (step) return { ...ofStep(step), done }
  const root = path.match(ROOT)
  if (!root) return { words: path, kind: "code", icon: "circle-help", done, isKnown: false }
  const [kind, icon] = LOOKS[root[1]] ?? ["code", "info"]
  const rest = arrows(root[2])
  const words = SILENT.includes(root[1]) && rest ? rest : [root[1], rest].filter(Boolean).join(" › ")
  return { words, kind, icon, done, isKnown: true }
}

function ofStep(match) {
  const card = document.getElementById(`card-${match[1]}`)
  const name = card?.querySelector(".card__name")?.textContent.trim() ?? match[1]
  const rest = match[3] === undefined ? arrows(match[2]) : `${match[2]}${arrows(match[3]) && ` › ${arrows(match[3])}`}`
  const words = [name, rest].filter(Boolean).join(" › ")
  const { kind = "code", icon = "circle-help" } = card?.dataset ?? {}
  return { words, kind, icon, isKnown: Boolean(card) }
}

function arrows(rest) {
  return [...rest.matchAll(/\.(\w+)|\[(\d+)\]|\['((?:[^'\\]|\\.)*)'\]/g)]
    .map(([, word, number, quoted]) => word ?? (number === undefined ? quoted : `${Number(number) + 1}.`))
    .join(" › ")
}

function pipeWords(pipe) {
  const [, name, given = ""] = pipe.match(/^(\w+)\s*(?:\(([^]*)\))?$/) ?? [null, pipe]
  const first = given.replace(/^['"]|['"]$/g, "")
  if (name === "default") return `if empty “${first}”`
  if (name === "round") return `${first || 0} decimals`
  return PIPES[name] ?? name.replaceAll("_", " ")
}
