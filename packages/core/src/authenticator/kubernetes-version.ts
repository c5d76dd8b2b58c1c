/** A release of Kubernetes whose answers are given. `docs/compatibility.md` lists what differs. More may be added in a minor version; handle the rest. */
export type KubernetesVersion = '1.35' | '1.36' | '1.37'
