import { expect, it } from 'vitest'
import { allResources } from '../registry/resources/index.ts'
import { apiVersionOf, type Resource } from '../registry/resource.ts'
import { memoryObjectStore } from '@kube-authn/store'
import { askApi } from '../../test/ask-api.ts'

const pathOf = (resource: Resource): string => {
  const prefix = resource.group === '' ? '/api' : '/apis'
  const namespace = resource.isNamespaced ? '/namespaces/default' : ''
  return `${prefix}/${apiVersionOf(resource)}${namespace}/${resource.plural}`
}
const served = allResources.filter(({ plural }) => plural !== 'credentialrevocations')

it.each(served)('a strict server writes $plural if it validates them', async (resource) => {
  const ask = await askApi({ strict: true })
  const { kind } = resource
  const { status, json } = await ask('POST', pathOf(resource), {
    apiVersion: apiVersionOf(resource),
    kind,
    metadata: { name: 'x' },
  })
  const isPlain = ['pods', 'services', 'nodes'].includes(resource.plural)
  if (isPlain) expect([status, json.reason]).toEqual([405, 'MethodNotAllowed'])
  else expect(status).not.toBe(405)
})

it.each([
  ['POST', '', 'application/json'],
  ['POST', '?dryRun=All', 'application/json'],
  ['PUT', '/x', 'application/json'],
  ['PUT', '/x/status', 'application/json'],
  ['PATCH', '/x', 'application/merge-patch+json'],
  ['PATCH', '/x?fieldManager=m', 'application/apply-patch+yaml'],
  ['PATCH', '/x/status', 'application/json-patch+json'],
  ['POST', '/x/eviction', 'application/json'],
])('a strict server answers %s of pods%s (%s) with its flag and the reason', async (method, below, type) => {
  const ask = await askApi({ strict: true })
  const path = `/api/v1/namespaces/default/pods${below}`
  const { status, headers, json } = await ask(method, path, {}, { 'content-type': type })
  expect([status, headers.get('allow'), json.message]).toEqual([
    405,
    'DELETE, GET',
    'pods cannot be written to a server with --strict (option `strict`): it does not validate pods or fill in their defaults, so it may accept what a cluster refuses',
  ])
})

it('a strict server reads and deletes the pods that are there', async () => {
  const store = memoryObjectStore()
  const pods = '/api/v1/namespaces/default/pods'
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' } }
  const before = await askApi({ store })
  expect((await before('POST', pods, pod)).status).toBe(201)

  const strict = await askApi({ store, strict: true })
  expect((await strict('GET', pods)).json.items).toHaveLength(1)
  expect((await strict('GET', `${pods}/x`)).status).toBe(200)
  expect((await strict('PUT', `${pods}/x`, pod)).status).toBe(405)
  expect((await strict('DELETE', `${pods}/x`)).status).toBe(200)
  expect((await strict('GET', pods)).json.items).toHaveLength(0)
})
