import type { Clock } from '@kube-authn/core'
import type { KubeObject } from '../../registry/kube-object.ts'
import type { Registry } from '../../registry/registry.ts'
import { configMaps } from '../../registry/resources/config-maps.ts'
import { entriesOf } from '../../registry/resources/data-fields.ts'
import { namespaces } from '../../registry/resources/namespaces.ts'
import type { SelectiveController, ObjectKey } from '../object-controller.ts'
import { createMissing, readObject, replaceUnchanged } from '../registry-access.ts'
import { dayOf, timeOfDay } from './legacy-token-cleaner.ts'

/** The ConfigMap that says since when the use of tokens in secrets is recorded. */
export const TRACKING_CONFIG_MAP: ObjectKey = {
  resource: configMaps,
  namespace: 'kube-system',
  name: 'kube-apiserver-legacy-service-account-token-tracking',
}

const KEY = 'since'

/** The day since which the use of tokens is recorded; `undefined` if the ConfigMap is missing or does not say. */
export function trackedSince(configMap: KubeObject | undefined): string | undefined {
  const day = entriesOf(configMap?.['data']).find(([key]) => key === KEY)?.[1] ?? ''
  return timeOfDay(day) === undefined ? undefined : day
}

/**
 * Keeps the ConfigMap that says since when the use of tokens in secrets is recorded: it is created with the present day, and again if it is deleted. It belongs
 * to the API server, and so is not among the names of `--controllers`.
 *
 * Source: kubernetes `pkg/controlplane/controller/legacytokentracking/controller.go`.
 */
export function tokenTracking(registry: Registry, clock: Clock): SelectiveController {
  const { namespace, name } = TRACKING_CONFIG_MAP
  return {
    name: 'legacy-token-tracking-controller',
    resources: [namespaces, configMaps],
    concerns: (key) =>
      key.resource === namespaces ? key.name === namespace : key.namespace === namespace && key.name === name,
    async reconcile() {
      const present = await readObject(registry, TRACKING_CONFIG_MAP)
      const today = { [KEY]: dayOf(clock.now()) }
      if (present === undefined) {
        const created = { apiVersion: 'v1', kind: 'ConfigMap', metadata: {}, data: today }
        await createMissing(registry, TRACKING_CONFIG_MAP, created)
      } else if (trackedSince(present) === undefined) {
        const data = { ...Object.fromEntries(entriesOf(present['data'])), ...today }
        await replaceUnchanged(registry, TRACKING_CONFIG_MAP, { ...present, data })
      }
      return {}
    },
  }
}
