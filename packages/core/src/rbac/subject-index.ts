import type { UserInfo } from '../user.ts'
import type { AnyBinding, Subject } from './objects.ts'

/** A binding that is for a user, and the first of its subjects that is the user. */
export interface AppliedBinding<B extends AnyBinding> {
  readonly binding: B
  readonly subject: Subject
}

interface Entry<B extends AnyBinding> extends AppliedBinding<B> {
  /** Where the binding, and the subject in it, come in the order they were loaded. */
  readonly position: number
  readonly subjectPosition: number
}

/**
 * Finds the bindings that are for a user without looking at those that are not, so a decision does not get slower with every
 * binding for somebody else.
 */
export class SubjectIndex<B extends AnyBinding> {
  readonly #users = new Map<string, BindingList<B>>()
  readonly #groups = new Map<string, BindingList<B>>()

  /** Bindings are added in the order they were loaded. */
  add(binding: B, position: number): void {
    for (const [subjectPosition, subject] of binding.subjects.entries()) {
      const entry = { binding, subject, position, subjectPosition }
      const username = usernameOf(subject, binding)
      if (username !== undefined) append(this.#users, username, entry)
      else if (subject.kind === 'Group') append(this.#groups, subject.name, entry)
    }
  }

  /** In the order of bindings, each once. */
  bindingsFor(user: UserInfo): readonly AppliedBinding<B>[] {
    return this.#collect(user, (list) => list.all)
  }

  /**
   * The same without those that give a user, or one of their groups, a role that an earlier one gives already: they decide nothing. Bindings
   * must all have been added.
   */
  decidingBindingsFor(user: UserInfo): readonly AppliedBinding<B>[] {
    return this.#collect(user, (list) => list.deciding)
  }

  #collect(
    user: UserInfo,
    entriesOf: (list: BindingList<B>) => readonly Entry<B>[],
  ): readonly AppliedBinding<B>[] {
    let found = this.#users.get(user.username)
    let several: Set<BindingList<B>> | undefined
    for (const group of user.groups) {
      const list = this.#groups.get(group)
      if (list === undefined) continue
      if (found === undefined) found = list
      else (several ??= new Set([found])).add(list)
    }
    if (several !== undefined) return merged([...several].map(entriesOf))
    return found === undefined ? NONE : entriesOf(found)
  }
}

const NONE: readonly never[] = Object.freeze([])

/** The bindings of one subject, in order, each once. */
class BindingList<B extends AnyBinding> {
  readonly all: Entry<B>[] = []
  #deciding: readonly Entry<B>[] | undefined

  get deciding(): readonly Entry<B>[] {
    return (this.#deciding ??= this.all.length === 1 ? this.all : firstOfEachRole(this.all))
  }
}

/** All bindings of an index are of one namespace, or of none, so a role is known by its kind and name. */
function firstOfEachRole<B extends AnyBinding>(entries: readonly Entry<B>[]): readonly Entry<B>[] {
  const seen = new Set<string>()
  return entries.filter(({ binding: { roleRef } }) => {
    const role = `${roleRef.kind}/${roleRef.name}`
    const isFirst = !seen.has(role)
    seen.add(role)
    return isFirst
  })
}

function merged<B extends AnyBinding>(lists: readonly (readonly Entry<B>[])[]): readonly Entry<B>[] {
  const entries = lists.flat()
  entries.sort((a, b) => a.position - b.position || a.subjectPosition - b.subjectPosition)
  return entries.filter(({ position }, index) => entries[index - 1]?.position !== position)
}

/** Who a binding is for, when it is one user. A service account is the user of its name. */
function usernameOf(subject: Subject, binding: AnyBinding): string | undefined {
  if (subject.kind === 'User') return subject.name
  if (subject.kind !== 'ServiceAccount') return undefined
  const namespace = subject.namespace === '' ? binding.namespace : subject.namespace
  return namespace === '' ? undefined : `system:serviceaccount:${namespace}:${subject.name}`
}

function append<B extends AnyBinding>(
  lists: Map<string, BindingList<B>>,
  key: string,
  entry: Entry<B>,
): void {
  let list = lists.get(key)
  if (list === undefined) {
    list = new BindingList()
    lists.set(key, list)
  }
  // A binding may name a subject twice; the first counts.
  if (list.all.at(-1)?.position !== entry.position) list.all.push(entry)
}
