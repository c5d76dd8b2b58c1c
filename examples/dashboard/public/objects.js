import { actingHeaders, samePerson, withText } from './acting.js'
import { ask, hasEnded } from './session.js'

const KINDS = [
  ['configmaps', 'Config maps'],
  ['serviceaccounts', 'Service accounts'],
  ['services', 'Services'],
]
const [, , openNamespace, openResource = 'configmaps'] = location.pathname.split('/').map(decodeURIComponent)

/** Shows the namespaces, and the objects of the open one as they change. */
export async function showObjects() {
  const listed = await read('/api/v1/namespaces')
  if (listed === undefined) return
  const names = listed.items.map(({ metadata }) => metadata.name)
  const namespace = openNamespace ?? (await firstReadable(names))
  const addressOf = (name, resource) => samePerson(`/namespaces/${encodeURIComponent(name)}/${resource}`)
  showTabs(
    'namespaces',
    names.map((name) => [name, addressOf(name, openResource), name === namespace]),
  )
  showTabs(
    'resources',
    KINDS.map(([resource, title]) => [title, addressOf(namespace, resource), resource === openResource]),
  )
  await follow(`/api/v1/namespaces/${encodeURIComponent(namespace)}/${encodeURIComponent(openResource)}`)
}

/** The first namespace in which the user may list, and which is not of the cluster itself. */
async function firstReadable(names) {
  const own = names.filter((name) => !name.startsWith('kube-') && name !== 'default')
  for (const name of own) {
    // One after the other: mostly the first one is enough.
    const response = await ask(
      `/cluster/api/v1/namespaces/${encodeURIComponent(name)}/${openResource}?limit=1`,
      {
        headers: actingHeaders(),
      },
    )
    if (response?.ok === true) return name
  }
  return own[0] ?? 'default'
}

function showTabs(id, tabs) {
  const links = tabs.map(([text, href, isCurrent]) => {
    const link = withText('a', text)
    link.href = href
    if (isCurrent) link.setAttribute('aria-current', 'page')
    return link
  })
  document.getElementById(id).replaceChildren(...links)
}

/** Lists, and watches from there; lists again if the server has forgotten that version. */
async function follow(path) {
  while (!hasEnded()) {
    const list = await read(path)
    if (list === undefined) return
    const objects = new Map(list.items.map((object) => [object.metadata.name, object]))
    show(objects)
    let version = list.metadata.resourceVersion
    while (version !== undefined && !hasEnded()) {
      await whileVisible()
      version = await watch(path, version, objects)
    }
  }
}

/** @returns the version to watch from, or `undefined` to list again. */
async function watch(path, from, objects) {
  const stopped = new AbortController()
  const stop = () => stopped.abort()
  const hide = () => document.visibilityState === 'hidden' && stop()
  document.addEventListener('visibilitychange', hide)
  addEventListener('sessionended', stop)
  let version = from
  const query = new URLSearchParams({ watch: 'true', allowWatchBookmarks: 'true', resourceVersion: from })
  try {
    const response = await ask(`/cluster${path}?${query}`, {
      headers: actingHeaders(),
      signal: stopped.signal,
    })
    if (hasEnded()) return undefined
    if (response?.status !== 200) {
      setLive(false)
      await pause()
      return response?.status === 410 ? undefined : version
    }
    setLive(true)
    for await (const { type, object } of linesOf(response.body)) {
      if (type === 'ERROR') return undefined
      version = object.metadata.resourceVersion
      if (type === 'BOOKMARK') continue
      if (type === 'DELETED') objects.delete(object.metadata.name)
      else objects.set(object.metadata.name, object)
      show(objects)
    }
  } catch {
    // It was cut off, or stopped here.
    if (!stopped.signal.aborted) await pause()
  } finally {
    document.removeEventListener('visibilitychange', hide)
    removeEventListener('sessionended', stop)
  }
  return version
}

async function* linesOf(body) {
  let rest = ''
  const reader = body.pipeThrough(new TextDecoderStream()).getReader()
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const lines = (rest + part.value).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (line !== '') yield JSON.parse(line)
  }
}

/** The content at a path of the cluster, as the user. Failures are shown; those that may pass are tried again. */
async function read(path) {
  while (!hasEnded()) {
    await whileVisible()
    const response = await ask(`/cluster${path}`, { headers: actingHeaders() })
    if (hasEnded()) return undefined
    const content = await response?.json().catch(() => undefined)
    if (response?.ok === true && content !== undefined) return content
    say(content?.message ?? 'The server cannot be reached.')
    if (response?.status === 403 || response?.status === 404) return undefined
    await pause()
  }
  return undefined
}

/** A hidden page holds no connection, of which a browser has few. */
function whileVisible() {
  if (document.visibilityState === 'visible') return Promise.resolve()
  return new Promise((resolve) => {
    document.addEventListener('visibilitychange', () => resolve(), { once: true })
  })
}

const pause = () => new Promise((resolve) => setTimeout(resolve, 1000))

function show(objects) {
  const rows = [...objects.values()].map(({ metadata, data, spec }) => {
    const row = document.createElement('tr')
    const name = withText('th', metadata.name)
    name.scope = 'row'
    const created = document.createElement('time')
    created.dateTime = metadata.creationTimestamp
    created.textContent = new Date(metadata.creationTimestamp).toLocaleString()
    const when = document.createElement('td')
    when.append(created)
    row.append(name, withText('td', detailsOf(data, spec)), when)
    return row
  })
  const table = document.getElementById('objects')
  if (table === null) return
  table.querySelector('tbody').replaceChildren(...rows)
  table.hidden = rows.length === 0
  say(rows.length === 0 ? 'There are none in this namespace.' : '')
}

function detailsOf(data, spec) {
  if (data !== undefined)
    return Object.entries(data)
      .map(([key, value]) => `${key}=${shortened(value)}`)
      .join(', ')
  return (spec?.ports ?? []).map(({ port, protocol }) => `${port}/${protocol}`).join(', ')
}

const shortened = (text) => (text.length > 60 ? `${text.slice(0, 60)}…` : text)

function say(text) {
  const message = document.getElementById('message')
  if (message === null) return
  message.textContent = text
  message.hidden = text === ''
}

function setLive(isLive) {
  const live = document.getElementById('live')
  if (live === null) return
  live.textContent = isLive ? 'Live' : 'Reconnecting'
  live.classList.toggle('on', isLive)
}
