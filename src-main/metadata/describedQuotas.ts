import type { ErrorName } from '../protocol/errors.ts'
import type { DescribeClientQuotas, DescribeClientQuotasRequest } from '../protocol/messages/describeClientQuotas.ts'
import type { ResponseInput } from '../protocol/schema.ts'
import type { ClientQuota, MetadataImage } from './image.ts'
import { quotaEntityTypes } from './quotaDefinitions.ts'

type Entries = NonNullable<ResponseInput<typeof DescribeClientQuotas>['entries']>
type Component = DescribeClientQuotasRequest['components'][number]

/** The quotas that a filter lets through, or why there is no such filter. */
export type DescribedQuotas = { readonly entries: Entries } | { readonly error: ErrorName; readonly message: string }

const matchTypes = { EXACT: 0, DEFAULT: 1, ANY: 2 } as const

/** Entities that have every part that is asked for; when asked strictly, no others. */
export function describedQuotas(image: MetadataImage, { components, strict }: DescribeClientQuotasRequest): DescribedQuotas {
  const problem = filterProblem(components)
  if (problem !== undefined) return problem
  const isAskedFor = ({ entity }: ClientQuota) =>
    components.every(component => entity.some(part => matches(component, part))) && (!strict || entity.length === components.length)
  return {
    entries: [...image.quotas.values()]
      .filter(isAskedFor)
      .map(({ entity, values }) => ({ entity, values: [...values].map(([key, value]) => ({ key, value })) })),
  }
}

function matches({ entityType, matchType, match }: Component, part: ClientQuota['entity'][number]): boolean {
  if (part.entityType !== entityType) return false
  return matchType === matchTypes.ANY || part.entityName === (matchType === matchTypes.EXACT ? match : null)
}

function filterProblem(components: readonly Component[]): { error: ErrorName; message: string } | undefined {
  const no = (message: string) => ({ error: 'INVALID_REQUEST', message }) as const
  const types = components.map(({ entityType }) => entityType)
  if (types.includes('')) return no('A type of entities has a name.')
  if (new Set(types).size !== types.length) return no('A type of entities is named twice in the filter.')
  const stranger = types.find(type => !Object.values<string>(quotaEntityTypes).includes(type))
  if (stranger !== undefined) return { error: 'UNSUPPORTED_VERSION', message: `There are no quotas for entities of type '${stranger}'.` }
  for (const { entityType, matchType, match } of components) {
    if (!Object.values<number>(matchTypes).includes(matchType)) return no(`There is no match type ${matchType}.`)
    if (matchType === matchTypes.EXACT && match === null) return no(`A name is to be matched exactly, and none is given for ${entityType}.`)
    if (matchType !== matchTypes.EXACT && match !== null) return no(`The name ${match} is given, but not to be matched exactly.`)
  }
  if (types.includes(quotaEntityTypes.IP) && types.length > 1)
    return no('Addresses are asked for alone, not together with users and client ids.')
  return undefined
}
