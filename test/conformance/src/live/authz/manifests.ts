import { isConfigurationError } from '@kube-authn/core/internal'
import { parseRbac } from '@kube-authn/core/authorization'
import { differencesOf } from '../difference.ts'
import { type LiveArea, liveArea } from '../live-area.ts'
import type { Manifest } from './policies.ts'

interface RecordedManifest {
  readonly object: Manifest
  readonly causes?: readonly { readonly field: string; readonly message: string }[]
}

const MANIFESTS = 'authz/recorded/manifests.ndjson'

/** Refused manifests, with every cause. */
export const manifests: LiveArea = liveArea<RecordedManifest>({
  name: 'live-manifests',
  files: [MANIFESTS],
  explanations: [],
  *compare(recordings) {
    for (const asked of recordings.lines(MANIFESTS) as readonly RecordedManifest[]) {
      const there = (asked.causes ?? []).map(({ field, message }) => `${field}: ${message}`)
      yield {
        id: asked.object.metadata.name,
        asked,
        differences: differencesOf(there, problemsOf(asked.object), 'causes'),
      }
    }
  },
})

/** The problems, without their leading name; `undefined` if accepted. */
function problemsOf(object: Manifest): readonly string[] | undefined {
  try {
    parseRbac(JSON.stringify(object))
    return undefined
  } catch (error) {
    if (!isConfigurationError(error)) throw error
    return error.problems.map(({ path, message }) =>
      `${path}: ${message}`.replace(/^(?:Cluster)?Role(?:Binding)? "(?:[^"\\]|\\.)*": /, ''),
    )
  }
}
