import type { UserInfo } from '../user.ts'
import type { AnyBinding, Subject } from './objects.ts'

/** A binding that is for a user, and the first of its subjects that is the user. */
export interface AppliedBinding<B extends AnyBinding> {
  readonly binding: B
  readonly subject: Subject
}

interface Entry<B extends AnyBinding> {
  readonly binding: B
  /** Where the binding, and the subject in it, come in the order they were loaded. */
  readonly position: number
  readonly subjectPosition: number
}

/**
 * Finds the bindings that are for a user without looking at those that are not, so a decision does not get slower with every
 * binding for somebody else.
 */
export class SubjectIndex<B extends AnyBinding> {
  readonly #users = new Map<string, Entry<B>[]>()
  readonly #groups = new Map<string, Entry<B>[]>()

  /** Bindings are added in the order they were loaded. */
  add(binding: B, position: number): void {
    for (const [subjectPosition, subject] of binding.subjects.entries()) {
      const entry = { binding, position, subjectPosition }
      const username = usernameOf(subject, binding)
      if (username !== undefined) append(this.#users, username, entry)
      else if (subject.kind === 'Group') append(this.#groups, subject.name, entry)
    }
  }

  /** In the order of bindings, each once. */
  bindingsFor(user: UserInfo): readonly AppliedBinding<B>[] {
    const entries = [...(this.#users.get(user.username) ?? [])]
    for (const group of new Set(user.groups)) {
      for (const entry of this.#groups.get(group) ?? []) entries.push(entry)
    }
    entries.sort((a, b) => a.position - b.position || a.subjectPosition - b.subjectPosition)
    return entries.flatMap(({ binding, position, subjectPosition }, index) => {
      const subject = binding.subjects[subjectPosition]
      const isRepetition = entries[index - 1]?.position === position
      return subject === undefined || isRepetition ? [] : [{ binding, subject }]
    })
  }
}

/** Who a binding is for, when it is one user. A service account is the user of its name. */
function usernameOf(subject: Subject, binding: AnyBinding): string | undefined {
  if (subject.kind === 'User') return subject.name
  if (subject.kind !== 'ServiceAccount') return undefined
  const namespace = subject.namespace === '' ? binding.namespace : subject.namespace
  return namespace === '' ? undefined : `system:serviceaccount:${namespace}:${subject.name}`
}

function append<T>(lists: Map<string, T[]>, key: string, value: T): void {
  const list = lists.get(key)
  if (list === undefined) lists.set(key, [value])
  else list.push(value)
}
