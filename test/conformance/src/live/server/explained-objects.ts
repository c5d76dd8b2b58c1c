import type { ServerExplanation } from './explain-sequence.ts'
import { isEnding } from './explained-plain-kinds.ts'
import { resourcePath } from './resource-path.ts'

/** Single objects, and which there are. */
export const explainedObjects: readonly ServerExplanation[] = [
  {
    row: 'end of namespaces',
    explains: ({ at, there, here }, { line, there: { body } }) =>
      at === 'status' &&
      there === 200 &&
      here === 404 &&
      resourcePath(line)?.resource === 'namespaces' &&
      isEnding(body),
  },
  {
    row: 'end of namespaces',
    about: 'the finalizer of the content',
    explains: ({ at, there, here }, { line, there: { body } }) =>
      at === 'body.spec.finalizers' &&
      JSON.stringify(there) ===
        JSON.stringify(['kubernetes', ...(Array.isArray(here) ? (here as unknown[]) : [])]) &&
      resourcePath(line)?.resource === 'namespaces' &&
      isEnding(body),
  },
  {
    row: 'version of a dry run',
    explains: ({ at, here }, { line, there: { status } }) =>
      at === 'body.metadata.resourceVersion' &&
      here === undefined &&
      status === 201 &&
      line.method === 'PUT' &&
      line.path.includes('dryRun=All'),
  },
  {
    row: 'descriptions of columns',
    explains: ({ at, there, here }) =>
      at.endsWith('.columnDefinitions[].description') && typeof there === 'string' && here === '',
  },
  {
    row: 'further pages',
    explains: ({ at, there }, { line }) =>
      at === 'body.metadata.continue' &&
      there === undefined &&
      /[?&]limit=/.test(line.path) &&
      /[?&](?:label|field)Selector=/.test(line.path),
  },
  {
    row: 'finalizers without a domain',
    explains: ({ at }, { there, here }) =>
      /^body\.(?:message|details\.causes)$/.test(at) &&
      [there, here].every(({ status }) => status === 422) &&
      JSON.stringify(here.body).includes('is neither a standard finalizer name') &&
      JSON.stringify(there.body).includes('"metadata.finalizers"'),
  },
  {
    row: 'status of namespaces',
    explains: ({ at, there, here }, { line }) => {
      const { resource, subresource } = resourcePath(line) ?? {}
      return (
        at === 'status' &&
        there === 422 &&
        here === 200 &&
        resource === 'namespaces' &&
        subresource === 'status'
      )
    },
  },
  {
    row: 'warnings of objects',
    explains: ({ at, there, here }) =>
      at === 'header warning' && String(there).startsWith('299 - "tls: ') && here === undefined,
  },
  {
    row: 'warnings of objects',
    about: 'of what is refused',
    explains: ({ at, here }, { there: { status } }) =>
      at === 'header warning' && here === undefined && status >= 400,
  },
  {
    row: 'base64 of data',
    explains: ({ at, there, here }, { there: { body }, here: answer }) =>
      at === 'status' &&
      there === 400 &&
      here === 422 &&
      JSON.stringify(body).includes('illegal base64 data') &&
      JSON.stringify(answer.body).includes('must be in standard base64'),
  },
  {
    row: 'certificate requests',
    explains: ({ at }, { line }) =>
      /^(?:body|events\[\]\.object)\.metadata\.(?:labels|annotations)(?:\.|$)/.test(at) &&
      resourcePath(line)?.resource === 'certificatesigningrequests',
  },
  {
    row: 'versions of lists',
    explains: ({ at, there, here }, { line }) =>
      at === 'status' && there === 200 && here === 410 && /[?&]resourceVersion=/.test(line.path),
  },
  {
    row: 'YAML of objects',
    explains: ({ at, there, here }) =>
      (there === undefined || here === undefined) &&
      /^body\.data\.(?:true|false|y|n|yes|no|on|off)$/i.test(at),
  },
  {
    row: 'dependents',
    explains: ({ at }, { line, there: { status, body }, here }) =>
      at.startsWith('body.') &&
      line.method === 'DELETE' &&
      status === 200 &&
      here.status === 200 &&
      /propagationPolicy=(?:Orphan|Foreground)/.test(line.path) &&
      isEnding(body),
  },
  {
    row: 'default roles',
    about: 'a role that is not there',
    explains: ({ at, there, here }, { line }) =>
      at === 'status' &&
      there === 200 &&
      here === 404 &&
      /^\/apis\/rbac\.authorization\.k8s\.io\/v1\/clusterrole(?:binding)?s\/system:/.test(line.path),
  },
  {
    row: 'forms of token requests',
    explains: ({ at, there, here }, { line }) =>
      /\/token(?:\?|$)/.test(line.path) && at === 'status' && there === 400 && here === 422,
  },
  {
    row: 'patches',
    explains: ({ at, there, here }, { line }) =>
      at === 'status' &&
      there === 500 &&
      here === 200 &&
      JSON.stringify(line.body ?? '').includes('$setElementOrder'),
  },
  {
    row: 'YAML of objects',
    about: 'the owners of such a key',
    explains: ({ at, there }) =>
      at.endsWith('.managedFields') && JSON.stringify(there ?? '').includes('"f:true"'),
  },
  {
    row: 'objects of the cluster',
    explains: ({ at }, { line }) =>
      /^(?:\/api\/v1\/(?:configmaps|secrets|services|events)|\/apis\/coordination\.k8s\.io\/v1\/leases)(?:\?limit=\d+)?$/.test(
        line.path,
      ) && /^body\.(?:metadata\.(?:remainingItemCount|continue)|items\[\])/.test(at),
  },
  {
    row: 'resources served',
    about: 'subresources',
    explains: ({ at }, { line, there, here }) =>
      /^body\.(?:message|details\.(?:name|kind))$/.test(at) &&
      there.status === 404 &&
      here.status === 404 &&
      /^(?:log|exec|attach|portforward|proxy|binding|ephemeralcontainers|resize|scale)$/.test(
        resourcePath(line)?.subresource ?? '',
      ),
  },
]
