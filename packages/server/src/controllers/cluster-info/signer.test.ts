import { describe, expect, it } from 'vitest'
import { fixedClock, settled } from '../../../../core/test/fakes.ts'
import type { Precondition } from '@kube-authn/core/internal'
import { bootstrapSecrets, type Secret } from '@kube-authn/core/bootstrap-token'
import type { ConfigMapData } from './cluster-info.ts'
import { signClusterInfo, verifyClusterInfo } from './signature.ts'
import { clusterInfoSigner, type ClusterInfoSignerOptions, type ConfigMap } from './signer.ts'

const NOW = Date.UTC(2030, 0, 1)
const KUBECONFIG = 'kind: Config'

function secretOf(id: string, expiration?: string): Secret {
  return {
    namespace: 'kube-system',
    name: `bootstrap-token-${id}`,
    uid: id,
    type: 'bootstrap.kubernetes.io/token',
    data: {
      'token-id': id,
      'token-secret': '0123456789abcdef',
      'usage-bootstrap-signing': 'true',
      ...(expiration !== undefined && { expiration }),
    },
  }
}

/** A ConfigMap that keeps its version, as an API server does. */
function clusterInfoOf(data: ConfigMapData = { kubeconfig: KUBECONFIG }) {
  let version = 1
  let current: ConfigMapData | undefined = data
  const writes: ConfigMapData[] = []
  return {
    writes,
    get data() {
      return current
    },
    change(changed: ConfigMapData | undefined) {
      current = changed
      version++
    },
    getConfigMap: (): ConfigMap | undefined => current && { data: current, resourceVersion: String(version) },
    updateConfigMap(changed: ConfigMapData, { resourceVersion }: Precondition) {
      if (current === undefined || resourceVersion !== String(version)) return
      writes.push(changed)
      this.change(changed)
    },
  }
}

function signerOf(secrets: readonly Secret[], more: Partial<ClusterInfoSignerOptions> = {}) {
  const clock = fixedClock(NOW)
  const clusterInfo = clusterInfoOf()
  const store = bootstrapSecrets(secrets)
  const errors: unknown[] = []
  const signer = clusterInfoSigner({
    secrets: store,
    clusterInfo,
    clock,
    onError: (error) => void errors.push(error),
    ...more,
  })
  return { clock, clusterInfo, secrets: store, errors, signer }
}

describe('the signer of cluster-info', () => {
  it('signs it for machines that have a token', async () => {
    const { signer, clusterInfo } = signerOf([secretOf('abcdef')])
    await signer.check()
    const signature = clusterInfo.data?.['jws-kubeconfig-abcdef'] ?? ''
    const token = { id: 'abcdef', secret: '0123456789abcdef' }
    expect(verifyClusterInfo(KUBECONFIG, signature, token)).toBe(true)
  })

  it('writes once, however often it is called', async () => {
    const { signer, clusterInfo } = signerOf([secretOf('abcdef')])
    await Promise.all([signer.check(), signer.check(), signer.check()])
    await signer.check()
    expect(clusterInfo.writes).toHaveLength(1)
  })

  it('removes the signature of a token that is gone', async () => {
    const { signer, clusterInfo, secrets } = signerOf([secretOf('abcdef'), secretOf('foobar')])
    await signer.check()
    secrets.deleteSecret('bootstrap-token-foobar', { uid: 'foobar' })
    await signer.check()
    expect(Object.keys(clusterInfo.data ?? {})).toEqual(['kubeconfig', 'jws-kubeconfig-abcdef'])
  })

  it('signs again what has changed', async () => {
    const { signer, clusterInfo } = signerOf([secretOf('abcdef')])
    await signer.check()
    clusterInfo.change({ ...clusterInfo.data, kubeconfig: 'kind: Other' })
    await signer.check()
    expect(clusterInfo.data?.['jws-kubeconfig-abcdef']).toBe(
      signClusterInfo('kind: Other', { id: 'abcdef', secret: '0123456789abcdef' }),
    )
  })

  it('removes the signature of a token exactly when that expires', async () => {
    const { signer, clusterInfo, clock } = signerOf([
      secretOf('abcdef', '2030-01-01T00:01:00Z'),
      secretOf('foobar', '2030-01-01T00:02:00Z'),
      secretOf('always'),
    ])
    await signer.check()
    await signer.check()
    expect(clock.pending).toBe(1)
    const idsAfter = async (milliseconds: number): Promise<readonly string[]> => {
      clock.advance(milliseconds)
      await settled()
      return Object.keys(clusterInfo.data ?? {})
        .slice(1)
        .map((key) => key.slice('jws-kubeconfig-'.length))
    }
    expect(await idsAfter(59_999)).toEqual(['abcdef', 'always', 'foobar'])
    expect(await idsAfter(1)).toEqual(['always', 'foobar'])
    expect(await idsAfter(60_000)).toEqual(['always'])
    expect(clock.pending).toBe(0)
  })

  it('goes by the clock, not by the timer, when the clock jumps', async () => {
    let now = NOW
    const timers: { readonly delayMs: number; readonly callback: () => void }[] = []
    const clock = {
      now: () => now,
      after(delayMs: number, callback: () => void) {
        timers.push({ delayMs, callback })
        return () => undefined
      },
    }
    const { signer, clusterInfo } = signerOf([secretOf('abcdef', '2030-01-01T00:01:00Z')], { clock })
    await signer.check()
    now -= 3_600_000
    timers[0]?.callback()
    await settled()
    expect(clusterInfo.data).toHaveProperty('jws-kubeconfig-abcdef')
    expect(timers.map(({ delayMs }) => delayMs)).toEqual([60_000, 3_660_000])
    now += 86_400_000
    await signer.check()
    expect(clusterInfo.data).not.toHaveProperty('jws-kubeconfig-abcdef')
  })

  it.each([
    ['there is no ConfigMap', undefined],
    ['there is no kubeconfig in it', { 'jws-kubeconfig-foobar': 'x' }],
  ])('does nothing when %s', async (_, data) => {
    const clusterInfo = clusterInfoOf()
    clusterInfo.change(data)
    const { signer, errors } = signerOf([secretOf('abcdef')], { clusterInfo })
    await signer.check()
    expect(clusterInfo.writes).toEqual([])
    expect(errors).toEqual([])
  })

  it('changes nothing in a ConfigMap that changed meanwhile, and is ready for the news of that', async () => {
    const { signer, clusterInfo, errors } = signerOf([], {
      secrets: {
        listSecrets() {
          if (clusterInfo.data?.['kubeconfig'] === KUBECONFIG) clusterInfo.change({ kubeconfig: 'new' })
          return [secretOf('abcdef')]
        },
      },
    })
    await signer.check()
    expect(clusterInfo.data).toEqual({ kubeconfig: 'new' })
    await signer.check()
    expect(clusterInfo.data).toHaveProperty('jws-kubeconfig-abcdef')
    expect(errors).toEqual([])
  })

  it('keeps the signatures when secrets cannot be read, and tries again', async () => {
    let isDown = false
    const { signer, clusterInfo, clock, errors } = signerOf([], {
      secrets: {
        listSecrets: () => (isDown ? Promise.reject(new Error('down')) : [secretOf('abcdef')]),
      },
    })
    await signer.check()
    const { data } = clusterInfo
    isDown = true
    await signer.check()
    expect(clusterInfo.data).toBe(data)
    expect(errors).toEqual([new Error('down')])
    isDown = false
    clusterInfo.change({ kubeconfig: 'new' })
    clock.advance(5)
    await settled()
    expect(clusterInfo.data).toHaveProperty('jws-kubeconfig-abcdef')
  })

  it('tries again what could not be written, ten times', async () => {
    let writes = 0
    const { signer, clock, errors } = signerOf([secretOf('abcdef')], {
      clusterInfo: {
        getConfigMap: () => ({ data: { kubeconfig: KUBECONFIG } }),
        updateConfigMap() {
          writes++
          throw new Error('forbidden')
        },
      },
    })
    await signer.check()
    for (let times = 0; times < 20; times++) {
      clock.advance(10_000)
      await settled()
    }
    expect(writes).toBe(11)
    expect(errors).toHaveLength(11)
  })

  it('tells of a ConfigMap that is too large, without a byte of it or of a token', async () => {
    const { signer, errors } = signerOf([secretOf('abcdef')], {
      clusterInfo: clusterInfoOf({ kubeconfig: 'x'.repeat(2_000_000) }),
    })
    await signer.check()
    expect(errors).toEqual([new RangeError('cluster-info would be larger than 1 MiB')])
  })

  it('does nothing any more once it is stopped, not even what it had begun', async () => {
    const { signer, clusterInfo, clock } = signerOf([secretOf('abcdef', '2030-01-01T00:01:00Z')])
    const done = signer.check()
    signer.stop()
    await done
    await signer.check()
    expect(clusterInfo.writes).toEqual([])
    expect(clock.pending).toBe(0)
  })

  it('calls off what is to come when it is stopped', async () => {
    const { signer, clock } = signerOf([secretOf('abcdef', '2030-01-01T00:01:00Z')])
    await signer.check()
    expect(clock.pending).toBe(1)
    signer.stop()
    expect(clock.pending).toBe(0)
  })
})
