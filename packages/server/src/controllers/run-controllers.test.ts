import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { readJwt } from '@kube-authn/core/oidc'
import {
  type ControlledObjects,
  controlledObjects,
  dataOf,
  NOW,
  type Open,
  openMemory,
  signingKey,
} from '../../test/controlled-objects.ts'
import { sqliteObjectStore } from '@kube-authn/store/sqlite'
import { runControllers } from './run-controllers.ts'
import { verifyClusterInfo } from './cluster-info/signature.ts'

const folder = mkdtempSync(join(tmpdir(), 'kube-authn-controllers-'))
afterAll(() => rmSync(folder, { recursive: true }))
let files = 0
const openSqlite: Open = (options) => sqliteObjectStore({ file: join(folder, `${files++}.db`), ...options })

const opened: ControlledObjects[] = []
afterEach(async () => {
  for (const each of opened.splice(0)) await each.dispose()
})
async function begin(...given: Parameters<typeof controlledObjects>): Promise<ControlledObjects> {
  const objects = await controlledObjects(...given)
  opened.push(objects)
  return objects
}

const TYPE = 'kubernetes.io/service-account-token'
const tokenSecret = (account: string) => ({
  type: TYPE,
  metadata: { annotations: { 'kubernetes.io/service-account.name': account } },
})
const bootstrapSecret = (id: string, expiration?: string) => ({
  type: 'bootstrap.kubernetes.io/token',
  stringData: {
    'token-id': id,
    'token-secret': '0123456789abcdef',
    'usage-bootstrap-signing': 'true',
    ...(expiration !== undefined && { expiration }),
  },
})
const ruleOf = (resource: string) => ({ apiGroups: [''], resources: [resource], verbs: ['get'] })
const aggregating = (label: string) => ({
  aggregationRule: { clusterRoleSelectors: [{ matchLabels: { [label]: 'true' } }] },
})
const labelled = (label: string, ...resources: readonly string[]) => ({
  metadata: { labels: { [label]: 'true' } },
  rules: resources.map(ruleOf),
})

describe.each<{ readonly engine: string; readonly open: Open }>([
  { engine: 'memory', open: openMemory },
  { engine: 'SQLite', open: openSqlite },
])('controllers over a store in $engine', ({ open }) => {
  it('give each namespace its service account and the root certificate, and again when they are deleted or edited', async () => {
    const { run, create, get, list, update, remove, quiet, errors } = await begin(open)
    run()
    await create('namespaces', 'shop')
    await quiet()
    const namespaces = (await list('namespaces')).map(({ metadata }) => metadata.name)
    expect(namespaces).toHaveLength(5)
    for (const name of namespaces) {
      expect(await get('serviceaccounts', `${name}/default`)).toBeDefined()
      expect(await get('configmaps', `${name}/kube-root-ca.crt`)).toMatchObject({
        data: { 'ca.crt': 'CA' },
        metadata: { annotations: { 'kubernetes.io/description': expect.stringContaining('certificates') } },
      })
    }
    const { uid } = (await get('serviceaccounts', 'shop/default'))!.metadata
    await remove('serviceaccounts', 'shop/default')
    await remove('configmaps', 'shop/kube-root-ca.crt')
    await update('configmaps', 'default/kube-root-ca.crt', (old) => ({ ...old, data: { other: 'x' } }))
    await quiet()
    const again = await get('serviceaccounts', 'shop/default')
    expect(again?.metadata.uid).not.toBe(uid)
    expect(again).toBeDefined()
    expect(await get('configmaps', 'shop/kube-root-ca.crt')).toMatchObject({ data: { 'ca.crt': 'CA' } })
    expect((await get('configmaps', 'default/kube-root-ca.crt'))?.['data']).toEqual({ 'ca.crt': 'CA' })
    expect(errors).toEqual([])
  })

  it('make a namespace of the system again that was deleted', async () => {
    const { run, get, remove, quiet, errors } = await begin(open)
    run()
    await quiet()
    const before = await get('namespaces', 'kube-node-lease')
    await remove('namespaces', 'kube-node-lease')
    await quiet()
    const again = await get('namespaces', 'kube-node-lease')
    expect(again?.['status']).toEqual({ phase: 'Active' })
    expect(again?.metadata.uid).not.toBe(before?.metadata.uid)
    expect(errors).toEqual([])
  })

  it('leave a namespace alone that is being deleted', async () => {
    const { run, create, list, remove, quiet, errors } = await begin(open)
    run()
    await create('namespaces', 'shop')
    await quiet()
    await remove('namespaces', 'shop')
    await quiet()
    expect((await list('namespaces')).map(({ metadata }) => metadata.name)).not.toContain('shop')
    expect(await list('serviceaccounts', 'shop')).toEqual([])
    expect(await list('configmaps', 'shop')).toEqual([])
    expect(errors).toEqual([])
  })

  it('fill in token secrets, and delete them with their service account', async () => {
    const { run, create, get, update, remove, quiet, errors } = await begin(open)
    await create('secrets', 'default/early', tokenSecret('cart'))
    await create('serviceaccounts', 'default/cart', {
      secrets: [{ name: 'late', uid: 'x' }, { name: 'other' }],
    })
    run()
    await create('secrets', 'default/late', tokenSecret('cart'))
    await create('secrets', 'default/ownerless', tokenSecret('missing'))
    await create('secrets', 'default/opaque', { stringData: { password: 'x' } })
    await quiet()
    const { uid } = (await get('serviceaccounts', 'default/cart'))!.metadata
    for (const name of ['early', 'late']) {
      const secret = await get('secrets', `default/${name}`)
      expect(dataOf(secret, 'namespace')).toBe('default')
      expect(dataOf(secret, 'ca.crt')).toBe('CA')
      expect(readJwt(dataOf(secret, 'token')!)?.claims).toMatchObject({
        sub: 'system:serviceaccount:default:cart',
        'kubernetes.io/serviceaccount/secret.name': name,
        'kubernetes.io/serviceaccount/service-account.uid': uid,
      })
    }
    expect(await get('secrets', 'default/ownerless')).toBeUndefined()
    expect(dataOf(await get('secrets', 'default/opaque'), 'token')).toBeUndefined()

    const token = dataOf(await get('secrets', 'default/early'), 'token')
    await update('secrets', 'default/early', (old) => ({
      ...old,
      data: { ...(old['data'] as object), 'ca.crt': btoa('other'), mine: '/w==' },
    }))
    await remove('secrets', 'default/late')
    await quiet()
    const early = await get('secrets', 'default/early')
    expect([dataOf(early, 'token'), dataOf(early, 'ca.crt')]).toEqual([token, 'CA'])
    // Bytes that are no text are kept.
    expect((early!['data'] as Record<string, string>)['mine']).toBe('/w==')
    expect((await get('serviceaccounts', 'default/cart'))?.['secrets']).toEqual([{ name: 'other' }])

    await remove('serviceaccounts', 'default/cart')
    await quiet()
    expect(await get('secrets', 'default/early')).toBeUndefined()
    expect(errors).toEqual([])
  })

  it('delete the secrets of a service account that another one of its name has replaced', async () => {
    const { run, create, get, remove, quiet } = await begin(open)
    await create('serviceaccounts', 'default/cart')
    await create('secrets', 'default/token', tokenSecret('cart'))
    run()
    await quiet()
    expect(await get('secrets', 'default/token')).toBeDefined()
    await remove('serviceaccounts', 'default/cart')
    await create('serviceaccounts', 'default/cart')
    await quiet()
    expect(await get('secrets', 'default/token')).toBeUndefined()
  })

  it('create token secrets only if asked, one for each service account', async () => {
    const { run, create, list, quiet, errors } = await begin(open)
    await create('serviceaccounts', 'default/cart')
    const first = run()
    await quiet()
    expect(await list('secrets')).toEqual([])
    await first.close()
    run({ createSecrets: true })
    run({ createSecrets: true })
    await quiet()
    const accounts = await list('serviceaccounts')
    const secrets = await list('secrets')
    expect(accounts).toHaveLength(5)
    expect(secrets).toHaveLength(5)
    const referenced = accounts.flatMap(({ secrets: each }) => each as { readonly name: string }[])
    expect(new Set(referenced.map(({ name }) => name))).toEqual(
      new Set(secrets.map(({ metadata }) => metadata.name)),
    )
    expect(errors).toEqual([])
  })

  it('delete bootstrap tokens when they expire, and those with a time that is none', async () => {
    const { run, create, update, list, quiet, clock } = await begin(open)
    const names = async () => (await list('secrets')).map(({ metadata }) => metadata.name?.slice(-6))
    const add = (id: string, expiration?: string) =>
      create('secrets', `kube-system/bootstrap-token-${id}`, bootstrapSecret(id, expiration))
    await add('aaaaaa', '2029-12-31T00:00:00Z')
    await add('bbbbbb', '2030-01-01T01:00:00Z')
    run()
    await add('cccccc', 'tomorrow')
    await add('dddddd')
    await add('eeeeee', '2030-01-01T00:30:00Z')
    await create('secrets', 'default/bootstrap-token-ffffff', bootstrapSecret('ffffff', 'tomorrow'))
    await quiet()
    expect(await names()).toEqual(['ffffff', 'bbbbbb', 'dddddd', 'eeeeee'])
    await update('secrets', 'kube-system/bootstrap-token-eeeeee', (old) => ({
      ...old,
      data: { ...(old['data'] as object), expiration: btoa('2030-01-01T02:00:00Z') },
    }))
    await quiet()
    clock.advance(3_600_000)
    await quiet()
    expect(await names()).toEqual(['ffffff', 'dddddd', 'eeeeee'])
    clock.advance(3_600_000)
    await quiet()
    expect(await names()).toEqual(['ffffff', 'dddddd'])
  })

  it('keep cluster-info and sign it, as long as tokens last', async () => {
    const { run, create, get, update, remove, quiet, clock, errors } = await begin(open)
    const kubeconfig = 'apiVersion: v1\nkind: Config\n'
    run({ clusterInfoKubeconfig: kubeconfig })
    await create(
      'secrets',
      'kube-system/bootstrap-token-aaaaaa',
      bootstrapSecret('aaaaaa', '2030-01-01T01:00:00Z'),
    )
    await create('secrets', 'kube-system/bootstrap-token-bbbbbb', bootstrapSecret('bbbbbb'))
    const data = async () =>
      (await get('configmaps', 'kube-public/cluster-info'))?.['data'] as Record<string, string>
    await quiet()
    const signed = await data()
    expect(Object.keys(signed).toSorted()).toEqual([
      'jws-kubeconfig-aaaaaa',
      'jws-kubeconfig-bbbbbb',
      'kubeconfig',
    ])
    const secret = '0123456789abcdef'
    expect(verifyClusterInfo(kubeconfig, signed['jws-kubeconfig-aaaaaa']!, { id: 'aaaaaa', secret })).toBe(
      true,
    )
    expect(await quiet()).toBe(0)

    await update('configmaps', 'kube-public/cluster-info', (old) => ({
      ...old,
      data: { kubeconfig: 'forged', 'jws-kubeconfig-cccccc': 'x', mine: 'y' },
    }))
    await quiet()
    expect(await data()).toEqual({ ...signed, mine: 'y' })
    clock.advance(3_600_000)
    await quiet()
    const { 'jws-kubeconfig-aaaaaa': _, ...left } = { ...signed }
    expect(await data()).toEqual({ ...left, mine: 'y' })
    await remove('secrets', 'kube-system/bootstrap-token-bbbbbb')
    await remove('configmaps', 'kube-public/cluster-info')
    await quiet()
    expect(await data()).toEqual({ kubeconfig })
    expect(errors).toEqual([])
  })

  it('write the rules of aggregated roles', async () => {
    const { run, create, get, update, remove, quiet, errors } = await begin(open)
    const rules = async (name: string) =>
      ((await get('clusterroles', name))!['rules'] as { readonly resources: readonly string[] }[]).map(
        ({ resources }) => resources[0],
      )
    await create('clusterroles', 'top', aggregating('to-top'))
    await create('clusterroles', 'middle', {
      ...aggregating('to-middle'),
      metadata: { labels: { 'to-top': 'true' } },
    })
    await create('clusterroles', 'z', labelled('to-middle', 'pods', 'nodes'))
    run()
    await create('clusterroles', 'a', labelled('to-middle', 'secrets', 'pods'))
    await quiet()
    expect(await rules('middle')).toEqual(['secrets', 'pods', 'nodes'])
    expect(await rules('top')).toEqual(['secrets', 'pods', 'nodes'])
    expect((await get('clusterroles', 'top'))?.['rules']).toEqual(['secrets', 'pods', 'nodes'].map(ruleOf))
    await update('clusterroles', 'top', (old) => ({ ...old, rules: [ruleOf('everything')] }))
    await update('clusterroles', 'a', (old) => ({ ...old, rules: [ruleOf('configmaps')] }))
    await quiet()
    expect(await rules('top')).toEqual(['configmaps', 'pods', 'nodes'])
    await remove('clusterroles', 'z')
    await quiet()
    expect(await rules('top')).toEqual(['configmaps'])
    await remove('clusterroles', 'a')
    await quiet()
    expect(await rules('top')).toEqual([])
    expect(await quiet()).toBe(0)
    expect(errors).toEqual([])
  })

  it('take a rule from roles that select each other, as soon as no other role has it', async () => {
    const { run, create, get, remove, quiet } = await begin(open)
    const both = { metadata: { labels: { ring: 'true' } }, ...aggregating('ring') }
    await create('clusterroles', 'one', both)
    await create('clusterroles', 'two', both)
    await create('clusterroles', 'z', labelled('ring', 'pods'))
    run()
    await quiet()
    expect((await get('clusterroles', 'one'))?.['rules']).toEqual([ruleOf('pods')])
    await remove('clusterroles', 'z')
    await quiet()
    expect((await get('clusterroles', 'one'))?.['rules']).toEqual([])
    expect((await get('clusterroles', 'two'))?.['rules']).toEqual([])
  })

  it('clean up tokens that were not used for a year, and those only', async () => {
    const { run, create, get, update, quiet, clock, errors } = await begin(open)
    const DAY = 86_400_000
    await create('serviceaccounts', 'default/cart', {
      secrets: ['idle', 'used', 'mounted'].map((name) => ({ name })),
    })
    for (const name of ['idle', 'used', 'mounted', 'manual']) {
      await create('secrets', `default/${name}`, tokenSecret('cart'))
    }
    await create('pods', 'default/app', {
      spec: { volumes: [{ csi: { nodePublishSecretRef: { name: 'mounted' } } }] },
    })
    run({ recordsTokenUse: true })
    await quiet()
    const tracking = 'kube-system/kube-apiserver-legacy-service-account-token-tracking'
    expect((await get('configmaps', tracking))?.['data']).toEqual({ since: '2030-01-01' })
    const invalid = async (name: string) =>
      (await get('secrets', `default/${name}`))?.metadata.labels?.['kubernetes.io/legacy-token-invalid-since']

    clock.advance(365 * DAY)
    await quiet()
    expect(await invalid('idle')).toBeUndefined()
    await update('secrets', 'default/used', (old) => ({
      ...old,
      metadata: { ...old.metadata, labels: { 'kubernetes.io/legacy-token-last-used': '2030-12-01' } },
    }))
    clock.advance(2 * DAY)
    await quiet()
    expect(await invalid('idle')).toBe('2031-01-03')
    for (const name of ['used', 'mounted', 'manual']) expect(await invalid(name)).toBeUndefined()
    clock.advance(367 * DAY)
    await quiet()
    expect(await get('secrets', 'default/idle')).toBeUndefined()
    for (const name of ['mounted', 'manual']) expect(await get('secrets', `default/${name}`)).toBeDefined()
    expect(errors).toEqual([])
  })

  it('say again since when the use of tokens is recorded, from today on', async () => {
    const { run, get, update, remove, quiet, clock } = await begin(open)
    const tracking = 'kube-system/kube-apiserver-legacy-service-account-token-tracking'
    const since = async () => (await get('configmaps', tracking))?.['data']
    run({ recordsTokenUse: true })
    await quiet()
    clock.advance(86_400_000)
    await update('configmaps', tracking, (old) => ({ ...old, data: { since: 'yesterday', mine: 'x' } }))
    await quiet()
    expect(await since()).toEqual({ since: '2030-01-02', mine: 'x' })
    await remove('configmaps', tracking)
    await quiet()
    expect(await since()).toEqual({ since: '2030-01-02' })
  })

  it('write nothing that another process writes, too, and come to rest', async () => {
    const alone = await begin(open)
    const fill = async ({ create }: ControlledObjects) => {
      for (let index = 0; index < 10; index++) {
        await create('namespaces', `n${index}`)
        await create('serviceaccounts', `n${index}/cart`)
        await create('secrets', `n${index}/token`, tokenSecret('cart'))
        await create('clusterroles', `r${index}`, labelled('all', `resource${index}`))
      }
      await create('clusterroles', 'all', aggregating('all'))
    }
    const options = { clusterInfoKubeconfig: 'kubeconfig', recordsTokenUse: true }
    alone.run(options)
    await fill(alone)
    await alone.quiet()
    const two = await begin(open)
    two.run(options)
    two.run(options)
    await fill(two)
    await two.quiet()
    const namesIn = async ({ list }: ControlledObjects) =>
      (
        await Promise.all(
          ['namespaces', 'serviceaccounts', 'secrets', 'configmaps', 'clusterroles'].map((each) =>
            list(each),
          ),
        )
      ).flatMap((all) =>
        all.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`),
      )
    expect(await namesIn(two)).toEqual(await namesIn(alone))
    expect((await two.get('clusterroles', 'all'))?.['rules']).toHaveLength(10)
    expect(await two.quiet()).toBe(0)
    // Two processes may aggregate at different moments, and so once more; all else is written once.
    const writes = async ({ store }: ControlledObjects) => store.revision()
    expect((await writes(two)) - (await writes(alone))).toBeLessThanOrEqual(10)
    expect([...alone.errors, ...two.errors]).toEqual([])
  })

  it('look after a thousand namespaces that are created at once', async () => {
    const { run, create, list, quiet, errors } = await begin(open)
    run()
    await quiet()
    await Promise.all(Array.from({ length: 1000 }, (_, index) => create('namespaces', `n${index}`)))
    await quiet()
    const accounts = await list('serviceaccounts')
    expect(accounts.filter(({ metadata }) => metadata.name === 'default')).toHaveLength(1004)
    expect(await list('configmaps')).toHaveLength(1004)
    expect(errors).toEqual([])
  })

  it('win over edits that go on, when they end', async () => {
    const { run, create, get, update, quiet, errors } = await begin(open)
    run({ clusterInfoKubeconfig: 'kubeconfig' })
    await create('serviceaccounts', 'default/cart')
    await create('secrets', 'default/token', tokenSecret('cart'))
    const spoil = async () => {
      for (let index = 0; index < 50; index++) {
        const data = { kubeconfig: `forged ${index}`, 'jws-kubeconfig-aaaaaa': 'x' }
        await update('configmaps', 'kube-public/cluster-info', (old) => ({ ...old, data })).catch(
          () => undefined,
        )
        await update('secrets', 'default/token', (old) => ({ ...old, data: { n: btoa(String(index)) } }))
        await update('configmaps', 'default/kube-root-ca.crt', (old) => ({ ...old, data: {} })).catch(
          () => undefined,
        )
      }
    }
    await spoil()
    await quiet()
    expect((await get('configmaps', 'kube-public/cluster-info'))?.['data']).toEqual({
      kubeconfig: 'kubeconfig',
    })
    expect((await get('configmaps', 'default/kube-root-ca.crt'))?.['data']).toEqual({ 'ca.crt': 'CA' })
    const secret = await get('secrets', 'default/token')
    expect(dataOf(secret, 'n')).toBe('49')
    expect(dataOf(secret, 'token')).toBeDefined()
    expect(errors).toEqual([])
  })

  it('find what happened while their watch was too old, deletions included', async () => {
    const { run, create, get, list, remove, quiet, store, clock, errors } = await begin(open, undefined, {
      maxHistoryChanges: 1,
    })
    run()
    await create('namespaces', 'shop')
    await create('serviceaccounts', 'shop/cart')
    await create('secrets', 'shop/token', tokenSecret('cart'))
    await quiet()
    // In one go: more than a watch holds, and forgotten by the store at once.
    const namespaces = Array.from({ length: 1500 }, (_, index) => create('configmaps', `default/m${index}`))
    const removed = [remove('serviceaccounts', 'shop/default'), remove('serviceaccounts', 'shop/cart')]
    await Promise.all([...namespaces, ...removed])
    await store.compact(await store.revision())
    // A watch that expires over and over waits a little longer each time.
    for (let round = 0; round < 5; round++) {
      clock.advance(1000)
      await quiet()
    }
    expect(await get('serviceaccounts', 'shop/default')).toBeDefined()
    expect(await get('secrets', 'shop/token')).toBeUndefined()
    expect(await list('configmaps', 'default')).toHaveLength(1501)
    expect(errors).toEqual([])
  })
})

describe('controllers', () => {
  it('get everything done over a store of which a third of the calls fail, and say so', async () => {
    // Not each third one: the same one of several calls in a row would always fail.
    let random = 1
    const failing = async <T>(work: () => Promise<T>): Promise<T> => {
      random = (random * 48_271) % 2_147_483_647
      if (random % 3 === 0) throw new Error('the disk')
      return work()
    }
    const { run, create, get, list, quiet, clock, errors } = await begin(openMemory, (store) => ({
      ...store,
      get: (...given) => failing(() => store.get(...given)),
      list: (...given) => failing(() => store.list(...given)),
      create: (...given) => failing(() => store.create(...given)),
      update: (...given) => failing(() => store.update(...given)),
      delete: (...given) => failing(() => store.delete(...given)),
    }))
    for (let index = 0; index < 5; index++) await create('namespaces', `n${index}`)
    await create('serviceaccounts', 'n0/cart')
    await create('secrets', 'n0/token', tokenSecret('cart'))
    run({ clusterInfoKubeconfig: 'kubeconfig' })
    for (let round = 0; round < 300; round++) {
      clock.advance(60_000)
      for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => void setTimeout(resolve, 0))
    }
    await quiet()
    expect(await list('serviceaccounts')).toHaveLength(10)
    expect(await list('configmaps')).toHaveLength(10)
    expect(dataOf(await get('secrets', 'n0/token'), 'token')).toBeDefined()
    expect(errors.length).toBeGreaterThan(0)
    expect(new Set(errors)).toEqual(new Set(['store: Error: the disk']))
  })

  it('report an outage once, and are healthy again after it', async () => {
    let isDown = false
    const { run, create, get, quiet, clock, errors } = await begin(openMemory, (store) => {
      const down = async <T>(work: () => Promise<T>): Promise<T> => {
        if (isDown) throw new Error('down')
        return work()
      }
      return {
        ...store,
        get: (...given) => down(() => store.get(...given)),
        list: (...given) => down(() => store.list(...given)),
        create: (...given) => down(() => store.create(...given)),
      }
    })
    isDown = true
    const controllers = run()
    for (let round = 0; round < 100; round++) {
      clock.advance(1000)
      await new Promise((resolve) => void setTimeout(resolve, 0))
    }
    expect(errors).toEqual(['store: Error: down'])
    expect(controllers.isHealthy()).toBe(false)
    isDown = false
    clock.advance(60_000)
    await quiet()
    expect(controllers.isHealthy()).toBe(true)
    isDown = true
    await create('namespaces', 'shop')
    for (let round = 0; round < 100; round++) {
      clock.advance(1000)
      await new Promise((resolve) => void setTimeout(resolve, 0))
    }
    expect(errors).toEqual(['store: Error: down', 'store: Error: down'])
    isDown = false
    clock.advance(300_000)
    await quiet()
    expect(await get('serviceaccounts', 'shop/default')).toBeDefined()
  })

  it('are unhealthy over a store that was closed, report it once, and can be closed', async () => {
    const { run, store, quiet, clock, errors } = await begin()
    const controllers = run()
    await quiet()
    expect(controllers.isHealthy()).toBe(true)
    await store.close()
    for (let round = 0; round < 50; round++) {
      clock.advance(60_000)
      await new Promise((resolve) => void setTimeout(resolve, 0))
    }
    expect(controllers.isHealthy()).toBe(false)
    expect(errors).toEqual(['store: StoreError: the store was closed'])
    await controllers.close()
    expect(clock.pending).toBe(0)
  })

  it('report what they cannot write, with its name, and try again later each time', async () => {
    const { run, create, quiet, clock, errors } = await begin()
    await create('configmaps', 'default/kube-root-ca.crt', { data: { x: 'y' }, immutable: true })
    run()
    await quiet()
    for (let round = 0; round < 100; round++) {
      clock.advance(1000)
      await quiet()
    }
    // Once for the ConfigMap, and once for its namespace.
    expect(new Set(errors).size).toBe(2)
    expect(errors).toContainEqual(
      expect.stringMatching(
        /^root-ca-certificate-publisher-controller configmaps default\/kube-root-ca\.crt: .*immutable/s,
      ),
    )
    // 5 ms, 10 ms, 20 ms ... 81 s.
    expect(errors.length).toBeGreaterThan(5)
    expect(errors.length).toBeLessThan(40)
  })

  it('leave no timer and no work when they are closed in the middle of it', async () => {
    const { run, create, quiet, store, clock } = await begin()
    const controllers = run({ createSecrets: true, recordsTokenUse: true })
    await Promise.all(Array.from({ length: 300 }, (_, index) => create('namespaces', `n${index}`)))
    await controllers.close()
    expect(clock.pending).toBe(0)
    const revision = await store.revision()
    await quiet()
    expect(await store.revision()).toBe(revision)
    expect(revision).toBeLessThan(900)
    await controllers.close()
    await controllers.synced()
    expect(controllers.isHealthy()).toBe(false)
  })

  it('forgive a clock that jumps', async () => {
    const { create, list, store, errors } = await begin()
    let now = NOW
    const timers = new Set<() => void>()
    const controllers = runControllers({
      store,
      controllers: ['tokencleaner'],
      clock: {
        now: () => now,
        after(_, callback) {
          timers.add(callback)
          return () => void timers.delete(callback)
        },
      },
    })
    const fire = async () => {
      for (const callback of Array.from(timers)) {
        timers.delete(callback)
        callback()
      }
      for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => void setTimeout(resolve, 0))
      await controllers.synced()
    }
    await controllers.synced()
    await create(
      'secrets',
      'kube-system/bootstrap-token-aaaaaa',
      bootstrapSecret('aaaaaa', '2030-01-01T01:00:00Z'),
    )
    await fire()
    now -= 365 * 86_400_000
    await fire()
    expect(await list('secrets')).toHaveLength(1)
    now += 400 * 86_400_000
    await fire()
    expect(await list('secrets')).toEqual([])
    await controllers.close()
    expect(errors).toEqual([])
  })

  it('are not confused by names', async () => {
    const { run, create, get, quiet, errors } = await begin()
    await create('namespaces', 'constructor')
    await create('serviceaccounts', 'constructor/hasownproperty')
    await create('secrets', 'constructor/valueof', tokenSecret('hasownproperty'))
    await create('secrets', 'constructor/a.b', {
      ...tokenSecret('hasownproperty'),
      stringData: { __proto__: null, constructor: 'x' },
    })
    await create('clusterroles', '__proto__', labelled('x', 'pods'))
    await create('clusterroles', 'constructor:*', aggregating('x'))
    await create('clusterroles', 'with space', labelled('x', 'nodes'))
    run()
    await quiet()
    expect((await get('clusterroles', 'constructor:*'))?.['rules']).toEqual([ruleOf('pods'), ruleOf('nodes')])
    expect(dataOf(await get('secrets', 'constructor/valueof'), 'token')).toBeDefined()
    expect(dataOf(await get('secrets', 'constructor/a.b'), 'constructor')).toBe('x')
    expect(await get('serviceaccounts', 'constructor/default')).toBeDefined()
    expect(errors).toEqual([])
  })

  it('run as --controllers says', async () => {
    const { run, create, list, quiet } = await begin()
    await create('secrets', 'kube-system/bootstrap-token-aaaaaa', bootstrapSecret('aaaaaa', 'tomorrow'))
    await run({ controllers: ['*', '-serviceaccount'] }).synced()
    await quiet()
    expect(await list('serviceaccounts')).toEqual([])
    expect(await list('configmaps')).toHaveLength(4)
    expect(await list('secrets')).toHaveLength(1)
    run({ controllers: ['tokencleaner'] })
    await quiet()
    expect(await list('secrets')).toEqual([])
    expect(await list('serviceaccounts')).toEqual([])
  })

  it.each<[string, object, string]>([
    ['an unknown name', { controllers: ['tokencleanr'] }, 'did you mean tokencleaner?'],
    [
      'a name that is not of this server',
      { controllers: ['*', '-deployment-controller'] },
      'is no controller',
    ],
    ['a controller without its key', { controllers: ['serviceaccount-token'] }, 'signingKey: must be given'],
    [
      'a controller without its certificates',
      { controllers: ['root-ca-cert-publisher'], rootCA: '' },
      'rootCA: must be given',
    ],
    ['secrets without a key', { createSecrets: true }, 'signingKey: must be given with createSecrets'],
    ['a period of nothing', { cleanUpPeriodSeconds: 0 }, 'cleanUpPeriodSeconds'],
    ['no store', { store: {} }, 'store'],
  ])('are refused with %s', async (_, options, message) => {
    const { store } = await begin()
    expect(() => runControllers({ store, ...options })).toThrow(message)
  })

  it('need no key and no certificates by default', async () => {
    const { store, list, create } = await begin()
    const controllers = runControllers({ store })
    await create('secrets', 'default/token', tokenSecret('default'))
    await controllers.synced()
    expect(await list('serviceaccounts')).toHaveLength(4)
    expect(await list('configmaps')).toEqual([])
    expect(signingKey).toBeDefined()
    await controllers.close()
  })
})
