/**
 * What the page does in a browser with scripts: it asks without loading the page anew, so that a pasted credential stays in its field, and copies
 * commands. Without it, all forms work. It creates no markup of its own.
 */
export const SCRIPT: string = `
'use strict'
const form = document.getElementById('question')
const live = document.getElementById('live')
let asking

form.addEventListener('submit', (event) => {
  event.preventDefault()
  void ask(event.submitter)
})

// Enter in a field of a credential chooses that credential.
form.addEventListener('keydown', (event) => {
  const { who } = event.target.dataset ?? {}
  if (event.key !== 'Enter' || who === undefined) return
  event.preventDefault()
  void ask(form.querySelector('button[name="who"][value="' + who + '"]'))
})

document.addEventListener('click', (event) => {
  const button = event.target.closest('[data-copies]')
  if (button !== null) void copy(button)
})

async function ask(button) {
  asking?.abort()
  const current = (asking = new AbortController())
  const fields = new FormData(form)
  if (button?.name) fields.set(button.name, button.value)
  const who = fields.get('who') ?? fields.get('kept')
  if (who !== 'token') fields.delete('token')
  if (who !== 'password') {
    fields.delete('username')
    fields.delete('password')
  }
  document.body.classList.add('busy')
  try {
    const response = await fetch(location.href, {
      method: 'POST',
      body: new URLSearchParams(fields),
      signal: current.signal,
    })
    const answer = new DOMParser().parseFromString(await response.text(), 'text/html')
    if (answer.getElementById('result') === null) {
      live.textContent = 'The page answered ' + response.status + '.'
      live.className = 'failure'
      return
    }
    show(answer, button)
  } catch (error) {
    if (current.signal.aborted) return
    live.textContent = 'The page cannot be reached.'
    live.className = 'failure'
  } finally {
    if (asking === current) document.body.classList.remove('busy')
  }
}

function show(answer, button) {
  const focused = pathTo(button ?? document.activeElement)
  const result = answer.getElementById('result')
  result.classList.add('arrived')
  document.getElementById('result').replaceWith(document.adoptNode(result))
  const chosen = new Set([...answer.querySelectorAll('.picks [aria-current]')].map((each) => each.value))
  for (const each of document.querySelectorAll('.picks button')) {
    if (chosen.has(each.value)) each.setAttribute('aria-current', 'true')
    else each.removeAttribute('aria-current')
  }
  ready()
  const again = focused && document.querySelector(focused)
  const headline = document.getElementById('headline')
  if (again) again.focus({ preventScroll: true })
  else if (focused) headline.focus({ preventScroll: true })
  const { top } = headline.getBoundingClientRect()
  if (top < 0 || top > innerHeight - 120) {
    const calm = matchMedia('(prefers-reduced-motion: reduce)').matches
    result.scrollIntoView({ behavior: calm ? 'auto' : 'smooth', block: 'start' })
  }
  live.className = 'visually-hidden'
  live.textContent = headline.textContent + '. ' + (result.querySelector('.target')?.textContent ?? '')
}

/** A selector of the same control in the next answer. */
function pathTo(element) {
  if (!element || !element.name && !element.id) return ''
  if (element.id) return '#' + CSS.escape(element.id)
  return element.tagName + '[name="' + CSS.escape(element.name) + '"][value="' + CSS.escape(element.value) + '"]'
}

async function copy(button) {
  const shown = document.getElementById(button.dataset.copies)
  try {
    await navigator.clipboard.writeText(shown.dataset.text ?? shown.textContent)
    button.textContent = 'Copied'
    live.textContent = 'Copied.'
  } catch {
    getSelection().selectAllChildren(shown)
    button.textContent = 'Selected'
    live.textContent = 'Selected; copy it with the keyboard.'
  }
}

function ready() {
  for (const button of document.querySelectorAll('[data-copies]')) button.hidden = false
}

ready()
document.getElementById('result').classList.add('arrived')
`
