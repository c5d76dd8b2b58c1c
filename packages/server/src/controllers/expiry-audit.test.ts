import { auditLog } from '@kube-authn/audit'
import { memoryObjectStore } from '@kube-authn/store'
import { fixedClock } from '@kube-authn/testing'
import { expect, it, onTestFinished } from 'vitest'
import { registry } from '../registry/registry.ts'
import { credentialRevocations as resource } from '../registry/resources/credential-revocations.ts'
import { runControllers } from './run-controllers.ts'

it('audits a revocation that ended, and none that was deleted', async () => {
  const clock = fixedClock()
  const store = memoryObjectStore({ clock })
  const audited: string[] = []
  const audit = auditLog({
    clock,
    write: ({ stage, verb, user, requestURI }) =>
      audited.push(`${stage} ${user.username} ${verb} ${requestURI}`),
  })
  const controllers = runControllers({ store, clock, controllers: [], audit })
  onTestFinished(() => controllers.close())
  const objects = registry({ store, resources: [resource], clock })
  const create = (name: string, expirationTime?: string): Promise<unknown> => {
    const apiVersion = `${resource.group}/${resource.version}`
    const spec = { user: name, ...(expirationTime !== undefined && { expirationTime }) }
    const object = { apiVersion, kind: resource.kind, metadata: { name }, spec }
    return objects.create({ resource, namespace: '' }, object)
  }
  const inSeconds = (seconds: number): string => new Date(clock.now() + seconds * 1000).toISOString()
  await create('soon', inSeconds(60))
  await create('later', inSeconds(600))
  await create('never')
  await clock.advanceAsync(1000)
  await controllers.synced()
  for (const name of ['later', 'never']) await objects.delete({ resource, namespace: '', name })
  await clock.advanceAsync(60_000)
  await controllers.synced()
  const path = `/apis/${resource.group}/${resource.version}/${resource.plural}/soon`
  expect(audited).toEqual([
    `RequestReceived system:apiserver delete ${path}`,
    `ResponseComplete system:apiserver delete ${path}`,
  ])
})
