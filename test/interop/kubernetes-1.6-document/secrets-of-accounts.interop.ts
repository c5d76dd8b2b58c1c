import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { has } from '../components.ts'
import { makeScratch, type Scratch } from '../scratch.ts'
import { type Client, type Cluster, clientOf, startCluster } from './cluster.ts'
import { kubectlOf } from './releases.ts'

describe.runIf(has('unzip'))('a secret for each new service account, as Kubernetes 1.6 made them', () => {
  let scratch: Scratch
  let cluster: Cluster
  let admin: Client
  beforeAll(async () => {
    scratch = makeScratch()
    cluster = await startCluster(scratch, 'data', [
      '--feature-gates=LegacyServiceAccountTokenNoAutoGeneration=false',
    ])
    admin = clientOf(scratch, cluster, await kubectlOf('1.24'))
  })
  afterAll(async () => {
    await cluster.stop()
    scratch.remove()
  })

  it('is named by the account, and holds its token', async () => {
    await admin.done('create serviceaccount jenkins')
    const account = await vi.waitUntil(async () => {
      const yaml = await admin.done('get serviceaccounts jenkins -o yaml')
      return /^secrets:\n- name: (jenkins-token-\w{5})$/m.exec(yaml)
    })
    const [, name = ''] = account
    const secret = await admin.done(`get secret ${name} -o yaml`)
    expect(secret).toMatch(/^data:\n {2}ca\.crt: \S+\n {2}namespace: ZGVmYXVsdA==\n {2}token: \S+\n/m)
    const [, encoded = ''] = /^ {2}token: (\S+)$/m.exec(secret) ?? []
    const token = Buffer.from(encoded, 'base64').toString()
    const { stderr } = await clientOf(scratch, cluster, await kubectlOf('1.24'), { token }).kubectl(
      'get nodes',
    )
    expect(stderr).toContain('User "system:serviceaccount:default:jenkins" cannot list resource "nodes"')
  })
})
