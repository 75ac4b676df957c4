const LONGEST = 249

/** Why a text is not a topic's name; undefined when it may be one. */
export function topicNameProblem(name: string): string | undefined {
  if (name === '') return 'A topic name must not be empty.'
  if (name === '.' || name === '..') return `A topic name must not be "." or "..".`
  if (name.length > LONGEST) return `A topic name must not be longer than ${LONGEST} characters.`
  if (!/^[a-zA-Z0-9._-]+$/.test(name)) return 'A topic name consists of ASCII letters, digits, ".", "_" and "-".'
  return undefined
}

/** Two names with the same form make the same metric names, where "." becomes "_", and so must not both be topics. */
export function collidingForm(name: string): string {
  return name.replaceAll('.', '_')
}
