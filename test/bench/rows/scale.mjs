// Large files: how long they take to load, what they keep, and how long the event loop stands still.
import { readFileSync, renameSync } from 'node:fs'
import { once } from 'node:events'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { parseRbac, rbac, rbacPolicy } from '@kube-authn/core/rbac'
import { tokenFileAt } from '@kube-authn/node'
import { csvOf, fileOf, randomTokens } from '../lib/material.mjs'
import { floor, ours, valueRow } from '../lib/row.mjs'
import { manifests } from './rbac.mjs'

const MAX_BYTES = 1 << 30

function milliseconds(load) {
  const start = performance.now()
  const keep = load()
  const taken = performance.now() - start
  if (keep === undefined) throw new Error('nothing was loaded')
  return taken
}

/** MiB that stay on the heap for what was loaded. */
function liveMiB(load) {
  const used = () => {
    globalThis.gc()
    globalThis.gc()
    const { heapUsed, external } = process.memoryUsage()
    return (heapUsed + external) / 1_048_576
  }
  const before = used()
  const keep = load()
  const after = used()
  if (keep === undefined) throw new Error('nothing was loaded')
  return after - before
}

const tokensPath = (count) => fileOf(csvOf(randomTokens(count)))

/** The least that can be done: split at line ends and commas. */
function splitLines(path) {
  const users = new Map()
  for (const line of readFileSync(path, 'latin1').split('\n')) {
    const quote = line.indexOf('"')
    if (quote === -1) continue
    const [token, username, uid] = line.slice(0, quote).split(',')
    users.set(token, { username, uid, groups: line.slice(quote + 1, -1).split(',') })
  }
  return users
}

const loadingMs = (count, load) => () => {
  const path = tokensPath(count)
  return milliseconds(() => load(path))
}
const keptMiB = (count, load) => () => {
  const path = tokensPath(count)
  return liveMiB(() => load(path))
}
const loadTokens = (path) => tokenFileAt(path, { maxBytes: MAX_BYTES })

/** The longest pause of the event loop, in milliseconds, while a file is replaced and read again. */
const reloadPauseMs = (count) => async () => {
  const path = tokensPath(count)
  let onReload
  const reloaded = new Promise((resolve) => {
    onReload = resolve
  })
  const authenticator = tokenFileAt(path, {
    maxBytes: MAX_BYTES,
    observer: (event) => {
      if (event.type === 'reload') onReload()
    },
  })
  const replacement = fileOf(csvOf(randomTokens(count)))
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  renameSync(replacement, path)
  await reloaded
  await once(process.stdout, 'drain', { signal: AbortSignal.timeout(100) }).catch(() => undefined)
  delay.disable()
  authenticator.close()
  return delay.max / 1e6
}

const loadingPolicy = (serialize, load) => () => {
  const text = serialize(manifests(100_000))
  return milliseconds(() => load(text)) / 1000
}
const asJson = (objects) => JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects })
const fromText = (text) => rbac(parseRbac(text, { maxLength: MAX_BYTES }))

function asYaml(objects) {
  return objects.map(yamlOf).join('---\n')
}

function yamlOf({ apiVersion, kind, metadata, rules, subjects, roleRef }) {
  const namespace = metadata.namespace === undefined ? '' : `  namespace: ${metadata.namespace}\n`
  const head = `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata:\n  name: ${metadata.name}\n${namespace}`
  if (rules !== undefined) {
    const lists = rules.map(
      ({ verbs, apiGroups, resources }) =>
        `- verbs: ${JSON.stringify(verbs)}\n  apiGroups: ${JSON.stringify(apiGroups)}\n  resources: ${JSON.stringify(resources)}\n`,
    )
    return `${head}rules:\n${lists.join('')}`
  }
  const named = subjects.map(
    (subject) => `- kind: ${subject.kind}\n  name: ${subject.name}\n  apiGroup: ${subject.apiGroup}\n`,
  )
  return `${head}subjects:\n${named.join('')}roleRef:\n  kind: ${roleRef.kind}\n  name: ${roleRef.name}\n  apiGroup: ${roleRef.apiGroup}\n`
}

export const scaleRows = [
  valueRow(
    'token file of 100,000 rows, to load',
    { unit: 'ms', target: 300 },
    {
      'kube-authn': ours(loadingMs(100_000, loadTokens)),
      'split lines': floor(loadingMs(100_000, splitLines)),
    },
  ),
  valueRow(
    'token file of 100,000 rows, live heap',
    { unit: 'MiB', target: 20 },
    { 'kube-authn': ours(keptMiB(100_000, loadTokens)), 'split lines': floor(keptMiB(100_000, splitLines)) },
  ),
  valueRow(
    'token file of 1,000,000 rows, to load',
    { unit: 'ms', target: 3000 },
    {
      'kube-authn': ours(loadingMs(1_000_000, loadTokens)),
      'split lines': floor(loadingMs(1_000_000, splitLines)),
    },
  ),
  valueRow(
    'token file of 1,000,000 rows, longest pause at a reload',
    { unit: 'ms', target: 50 },
    { 'kube-authn': ours(reloadPauseMs(1_000_000)) },
  ),
  valueRow(
    'RBAC of 100,000 bindings, JSON',
    { unit: 's', target: 1 },
    {
      'kube-authn': ours(loadingPolicy(asJson, fromText)),
      'decoded objects': floor(
        loadingPolicy(
          (objects) => objects,
          (objects) => rbac(rbacPolicy(objects)),
        ),
      ),
    },
  ),
  valueRow(
    'RBAC of 100,000 bindings, YAML',
    { unit: 's', target: 4 },
    { 'kube-authn': ours(loadingPolicy(asYaml, fromText)) },
  ),
]
