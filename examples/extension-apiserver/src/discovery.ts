/** An API group with one version, in the format of Kubernetes' discovery. */
export function apiGroup(name: string, version: string): object {
  const preferredVersion = { groupVersion: `${name}/${version}`, version }
  return { kind: 'APIGroup', apiVersion: 'v1', name, versions: [preferredVersion], preferredVersion }
}

/** The response at `/apis`. */
export function apiGroupList(groups: readonly object[]): object {
  return { kind: 'APIGroupList', apiVersion: 'v1', groups }
}
