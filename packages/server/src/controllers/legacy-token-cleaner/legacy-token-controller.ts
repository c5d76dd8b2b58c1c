import type { Registry } from '../../registry/registry.ts'
import { configMaps } from '../../registry/resources/config-maps.ts'
import { pods } from '../../registry/resources/plain.ts'
import type { ObjectController } from '../object-controller.ts'
import { objectsOf, readObject } from '../registry-access.ts'
import { registryTokenStore } from '../service-account-tokens/registry-token-store.ts'
import { cleanLegacyTokens, DAY_MS, type LegacyTokenCleanup } from './legacy-token-cleaner.ts'
import { trackedSince, TRACKING_CONFIG_MAP } from './token-tracking.ts'

/** Options of {@link legacyTokenController}. */
export interface LegacyTokenControllerOptions extends Omit<
  LegacyTokenCleanup,
  'store' | 'trackedSince' | 'mountedSecrets'
> {
  readonly registry: Registry
}

/** Runs {@link cleanLegacyTokens} once a day, while the ConfigMap exists that says since when the use of tokens is recorded. */
export function legacyTokenController(options: LegacyTokenControllerOptions): ObjectController {
  const { registry } = options
  const cleanup = {
    ...options,
    store: registryTokenStore(registry),
    trackedSince: async () => trackedSince((await readObject(registry, TRACKING_CONFIG_MAP))?.['data']),
    mountedSecrets: (namespace: string) => namesInPods(registry, namespace),
  }
  return {
    name: 'legacy-serviceaccount-token-cleaner-controller',
    resources: [configMaps],
    concerns: ({ namespace, name }, object) =>
      object !== undefined &&
      namespace === TRACKING_CONFIG_MAP.namespace &&
      name === TRACKING_CONFIG_MAP.name,
    async reconcile(_, object) {
      if (object === undefined) return {}
      await cleanLegacyTokens(cleanup)
      return { againAfterMs: DAY_MS }
    },
  }
}

async function namesInPods(registry: Registry, namespace: string): Promise<ReadonlySet<string>> {
  const names = new Set<string>()
  for await (const pod of objectsOf(registry, { resource: pods, namespace })) {
    for (const name of mentionedNames(pod['spec'])) names.add(name)
  }
  return names
}

/**
 * Every string in the specification of a pod. A secret that it uses is among them, as a volume of any type, environment variable or image pull secret.
 *
 * Deviation: Kubernetes looks at the fields for secrets only (`docs/deviations.md`, secrets that pods mention).
 */
export function mentionedNames(value: unknown): readonly string[] {
  const names: string[] = []
  // No recursion: a pod may be deep.
  const rest: unknown[] = [value]
  for (let each = rest.pop(); each !== undefined; each = rest.pop()) {
    if (typeof each === 'string') names.push(each)
    else if (typeof each === 'object' && each !== null) {
      for (const inner of Object.values(each)) if (inner !== undefined) rest.push(inner)
    }
  }
  return names
}
