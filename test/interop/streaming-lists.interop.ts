import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Client, clientOf, type Cluster, startCluster } from './kubernetes-1.6-document/cluster.ts'
import { kubectlOf } from './kubernetes-1.6-document/releases.ts'
import { makeScratch, type Scratch } from './scratch.ts'

let scratch: Scratch
let cluster: Cluster
let client: Client

beforeAll(async () => {
  scratch = makeScratch()
  cluster = await startCluster(scratch, 'data')
  client = clientOf(scratch, cluster, await kubectlOf('1.35'))
})
afterAll(async () => {
  await cluster.stop()
  scratch.remove()
})

/** The queries of the lists and watches of config maps that kubectl made. */
function queriesOf(log: string): readonly URLSearchParams[] {
  return [...log.matchAll(/\/configmaps\?([^\s"]+)/g)].map(([, query]) => new URLSearchParams(query))
}

it('kubectl 1.35 lists by a stream, and does not fall back to another list', async () => {
  await client.done('create configmap awaited')
  const { stderr, exitCode } = await client.kubectl(
    'wait configmap/awaited --for=jsonpath={.data.a}=b --timeout=2s -v=6',
  )
  expect([exitCode, stderr]).toEqual([1, expect.stringContaining('timed out waiting for the condition')])
  expect(queriesOf(stderr).map((query) => Object.fromEntries(query))).toMatchObject([
    { watch: 'true', sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan' },
  ])
})

it('kubectl 1.35 sees the changes after the stream of objects', async () => {
  await client.done('create configmap changed')
  const waiting = client.kubectl('wait configmap/changed --for=jsonpath={.data.a}=b --timeout=40s')
  await client.done(['patch', 'configmap', 'changed', '-p', '{"data":{"a":"b"}}'])
  expect(await waiting).toMatchObject({ stdout: 'configmap/changed condition met\n', exitCode: 0 })
  const gone = client.kubectl('wait configmap/changed --for=delete --timeout=40s')
  await client.done('delete configmap changed')
  expect(await gone).toMatchObject({ exitCode: 0 })
})
