import type { Clock } from '@kube-authn/core'
import type { Registry } from '../../registry/registry.ts'
import { configMaps } from '../../registry/resources/config-maps.ts'
import { entriesOf } from '../../registry/resources/data-fields.ts'
import type { ObjectController, ObjectKey } from '../object-controller.ts'
import { configMapKeeper } from '../namespace-objects.ts'
import { dayOf, timeOfDay } from './legacy-token-cleaner.ts'

/** The ConfigMap that says since when the use of tokens in secrets is recorded. */
export const TRACKING_CONFIG_MAP: ObjectKey = {
  resource: configMaps,
  namespace: 'kube-system',
  name: 'kube-apiserver-legacy-service-account-token-tracking',
}

const KEY = 'since'

/** The day since which the use of tokens is recorded; `undefined` if the `data` of the ConfigMap does not say. */
export function trackedSince(data: unknown): string | undefined {
  const day = entriesOf(data).find(([key]) => key === KEY)?.[1] ?? ''
  return timeOfDay(day) === undefined ? undefined : day
}

/**
 * Keeps the ConfigMap that says since when the use of tokens in secrets is recorded: it is created with the present day, and again if it is deleted. It belongs
 * to the API server, and so is not among the names of `--controllers`.
 *
 * Source: kubernetes `pkg/controlplane/controller/legacytokentracking/controller.go`.
 */
export function tokenTracking(registry: Registry, clock: Clock): ObjectController {
  return configMapKeeper(registry, 'legacy-token-tracking-controller', TRACKING_CONFIG_MAP, (present) =>
    trackedSince(present) === undefined ? { [KEY]: dayOf(clock.now()) } : undefined,
  )
}
