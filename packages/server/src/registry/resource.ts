import type { Awaitable, Context, UserInfo } from '@kube-authn/core'
import type { Authorizer, RuleResolver } from '@kube-authn/core/authorization'
import type { ErrorList, ObjectReader } from '@kube-authn/core/internal'
import { dns1123SubdomainProblems } from '@kube-authn/internal/kubernetes-names'
import type { Lifetime } from '@kube-authn/store'
import type { KubeObject, ManagedFieldsEntry } from './kube-object.ts'

/** The fields of an object besides its version, kind and metadata. */
export type Fields = Readonly<Record<string, unknown>>

/** A column of the table that `kubectl get` prints. */
export interface Column {
  readonly name: string
  readonly type: 'string' | 'integer' | 'date'
  readonly format?: 'name'
  /** 0: always. 1: with `-o wide`. Default 0. */
  readonly priority?: 0 | 1
  cell(object: KubeObject, nowMs: number): string | number
}

/** How a kind of object is named and found. */
export interface ResourceNames {
  /** `''` for the core group. */
  readonly group: string
  readonly version: string
  readonly kind: string
  /** In lower case, as in paths. */
  readonly plural: string
  readonly singular: string
  readonly shortNames: readonly string[]
  /** As `all`, which `kubectl get all` asks for. */
  readonly categories: readonly string[]
  readonly isNamespaced: boolean
  /** Why a name is invalid; none if it is valid. */
  nameProblems(name: string): readonly string[]
}

/** The names of a kind of the core group in namespaces, whose objects are named as DNS subdomains, except for the given ones. */
export function named(kind: string, given: Partial<ResourceNames> = {}): ResourceNames {
  const singular = kind.toLowerCase()
  return {
    group: '',
    version: 'v1',
    kind,
    plural: `${singular}s`,
    singular,
    shortNames: [],
    categories: [],
    isNamespaced: true,
    nameProblems: dns1123SubdomainProblems,
    ...given,
  }
}

/**
 * A kind of object that is served: everything that differs from other kinds.
 *
 * Source: apiserver `pkg/registry/rest` RESTCreateStrategy, RESTUpdateStrategy; apimachinery APIResource.
 */
export interface Resource extends ResourceNames {
  /** Reads all fields besides version, kind and metadata, and fills in defaults. Wrong types and unknown fields are errors of the reader, or are added to these. */
  read(object: ObjectReader, errors: ErrorList): Fields
  /** What the server writes into a new object. */
  prepareForCreate?(object: KubeObject, write: Write): KubeObject
  /** What an update of the object itself cannot change. */
  prepareForUpdate?(object: KubeObject, old: KubeObject): KubeObject
  /** @param old the object that is replaced: what is wrong in it already may be tolerated. */
  validate?(object: KubeObject, errors: ErrorList, old?: KubeObject): Awaitable<void>
  /** What is wrong only in a new object, as with a time that is over. */
  validateCreate?(object: KubeObject, nowMs: number, errors: ErrorList): void
  validateUpdate?(object: KubeObject, old: KubeObject, errors: ErrorList): void
  /** Refuses what this caller may not write, before it is validated. @throws {StatusError} 403 */
  authorize?(change: Change): Awaitable<void>
  /** Refuses what is valid and not allowed. @throws {StatusError} 403 */
  admit?(change: Change): Awaitable<void>
  /** What has a path below that of the object. Without a `status` among them, that field is one like any other. Default: nothing. */
  readonly subresources?: readonly Subresource[]
  /** When an object that is written ends by itself; `undefined`: never. Default: no object does. */
  lifetime?(this: void, object: KubeObject): Pick<Lifetime, 'ttlMs' | 'expiresAtMs'> | undefined
  /** The name of the resource in the keys of etcd, which messages of conflicts have. Default: `plural`. */
  readonly storedAs?: string
  /** Whether PUT creates an object that is missing. Default `false`. */
  readonly isCreatedByUpdate?: boolean
  /** Whether PUT needs the version of the object that it replaces. Default `false`. */
  readonly isUpdatedByVersion?: boolean
  /** Whether the server writes into a new object who creates it, so that a request without a caller is refused. Default `false`. */
  readonly hasCreator?: boolean
  /** Whether a collection can be deleted at once. Default `true`; of resources in namespaces, only that of one namespace. */
  readonly hasDeletableCollection?: boolean
  /** Whether objects are kept as they are sent, without the validation and the defaults of Kubernetes. A strict server does not write them. Default `false`. */
  readonly isPlain?: boolean
  /** With what DELETE answers: the object as it was, or as it would be while it ends. Default: a Status that names it. */
  readonly deletionAnswer?: 'object' | 'terminating'
  /** Whether errors must not show the values of fields. Default `false`. */
  readonly hasSecrets?: boolean
  /** In the order of the table. */
  readonly columns: readonly Column[]
  /** Fields for field selectors, besides `metadata.name` and `metadata.namespace`. */
  readonly selectableFields?: Readonly<Record<string, (object: KubeObject) => string>>
}

/** Which object is meant. */
export interface Target {
  readonly resource: Resource
  /** `''` for a resource without namespaces. */
  readonly namespace: string
  readonly name: string
  /** `''` or absent: the object itself. */
  readonly subresource?: string
}

/** What resources use to decide about a write. */
export interface Services {
  /** Resolves to `undefined` if there is no such object. */
  find(resource: Resource, namespace: string, name: string): Promise<KubeObject | undefined>
  /** All objects of a resource without namespaces. */
  list(resource: Resource): Promise<readonly KubeObject[]>
  /** Deletes an object. @throws {StatusError} 403, 404, 409 */
  remove(
    resource: Resource,
    namespace: string,
    name: string,
    preconditions: Preconditions,
    options: WriteOptions,
  ): Promise<KubeObject>
  /** Decides what callers may do besides what was authorized already. `undefined`: everything. */
  readonly authorizer: Authorizer | undefined
  /** What a user may do by roles. */
  readonly rulesFor: RuleResolver['rulesFor']
  /** The time, in the form of RFC 3339. */
  now(this: void): string
}

/** The circumstances of a write. */
export interface Write {
  /** `undefined` for the server itself. */
  readonly caller: Caller | undefined
  readonly services: Services
}

/** One object that is about to be written. */
export interface Change extends Write {
  readonly object: KubeObject
  /** The object that is replaced; `undefined` if it is created. */
  readonly old: KubeObject | undefined
  /** The name in the path of the request; `''` if it is that of a collection. */
  readonly requestName: string
}

/** A part of an object that is read with it and written by itself, such as `status`. */
export interface PartSubresource {
  readonly type: 'part'
  readonly name: string
  /** Whether it is only written, with PUT. Default `false`. */
  readonly isReplacedOnly?: boolean
  /** The object that is written: the old one with this part of the one that was sent. */
  prepare(sent: KubeObject, old: KubeObject, write: Write): KubeObject
  /** Besides the rules of the resource. */
  validateUpdate?(object: KubeObject, old: KubeObject, errors: ErrorList): void
  /** Refuses what is valid and not allowed. @throws {StatusError} 403 */
  admit?(change: Change): Awaitable<void>
}

/** Something that is asked of an object with POST, and is not stored, such as `token`. */
export interface ActionSubresource {
  readonly type: 'action'
  readonly name: string
  /** The kind that is sent and answered. */
  readonly group: string
  readonly version: string
  readonly kind: string
  /** Resolves to the body of the answer, a 201. @throws {StatusError} */
  act(action: Action): Promise<object>
}

/** What has a path below that of an object. No more will be added. */
export type Subresource = ActionSubresource | PartSubresource

/** A request for an {@link ActionSubresource}. */
export interface Action extends Write {
  readonly namespace: string
  readonly name: string
  /** The body: JSON, or the JSON form of protobuf. */
  readonly value: unknown
  /** The paths of fields in it that occur more than once. */
  readonly duplicates: readonly string[]
  /** The query of the request. */
  readonly query: string
  readonly isDryRun: boolean
}

/** The subresource of this name; `undefined` if there is none. */
export function subresourceOf({ subresources = [] }: Resource, name: string): Subresource | undefined {
  return subresources.find((each) => each.name === name)
}

/** `secrets`, or `roles.rbac.authorization.k8s.io`. */
export function qualifiedName({ group, plural }: Pick<Resource, 'group' | 'plural'>): string {
  return group === '' ? plural : `${plural}.${group}`
}

/** `v1`, or `rbac.authorization.k8s.io/v1`. */
export function apiVersionOf({ group, version }: Pick<Resource, 'group' | 'version'>): string {
  return group === '' ? version : `${group}/${version}`
}

/** Who writes. */
export interface Caller {
  readonly user: UserInfo
  /** Takes warnings and annotations of the audit event. */
  readonly context: Context
}

/** How something is written. */
export interface WriteOptions {
  /** Everything but the writing. Default `false`. */
  readonly isDryRun?: boolean
  /** Default: the server itself, which may do everything. */
  readonly caller?: Caller | undefined
  /** Who writes, as the owner of fields. Default `kube-authn`. */
  readonly fieldManager?: string
  /** Who owns which fields of what is written. Default: who changes a field owns it. */
  readonly owners?: () => readonly ManagedFieldsEntry[]
}

/** What must be true of an object that is deleted. */
export interface Preconditions {
  readonly uid?: string | undefined
  readonly resourceVersion?: string | undefined
}
