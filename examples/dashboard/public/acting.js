import { ask } from './session.js'

const query = new URLSearchParams(location.search)

/** The user that an admin acts as, if any. */
const username = query.get('as')
const groups = query.getAll('asGroup').filter((group) => group !== '')

/** The headers of a request as that user. The server decides whether this is allowed. */
export function actingHeaders() {
  return username === null ? {} : { 'X-See-As': encodeURIComponent(JSON.stringify({ username, groups })) }
}

/** The address of a page that is seen as the same user. */
export function samePerson(path) {
  if (username === null) return path
  const kept = new URLSearchParams({ as: username })
  for (const group of groups) kept.append('asGroup', group)
  return `${path}?${kept}`
}

/** Says in whose name the objects are shown, as the server sees it. */
export async function showActingUser() {
  if (username === null) return
  const response = await ask('/session', { headers: actingHeaders() })
  if (response?.status !== 200) return
  const seen = await response.json()
  const stop = document.createElement('a')
  stop.href = location.pathname
  stop.className = 'button'
  stop.textContent = 'Stop'
  const acting = document.getElementById('acting')
  acting.replaceChildren('Seeing the cluster as ', withText('strong', seen.username), stop)
  acting.hidden = false
  document.body.classList.add('acting')
  document.querySelector('#groups ul').replaceChildren(...seen.groups.map((group) => withText('li', group)))
}

/** An element with a text. */
export function withText(name, text) {
  const element = document.createElement(name)
  element.textContent = text
  return element
}
