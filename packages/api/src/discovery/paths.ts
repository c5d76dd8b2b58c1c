import type { DiscoveryResource } from './resource.ts'

/** The paths of the documents about these resources, without those about all groups. */
export function discoveryPaths(resources: readonly DiscoveryResource[]): ReadonlySet<string> {
  return new Set(
    resources.flatMap(({ group, version }) =>
      group === '' ? [`/api/${version}`] : [`/apis/${group}`, `/apis/${group}/${version}`],
    ),
  )
}
