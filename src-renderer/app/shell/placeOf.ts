import type { RouteLocationNormalizedLoaded } from 'vue-router'
import type { OpenPlace } from '../../stores/openPlaces.ts'

type Route = Pick<RouteLocationNormalizedLoaded, 'params' | 'path' | 'fullPath' | 'matched'>

/** The topic, group or broker that a route shows. */
export function placeOf({ params, matched, fullPath }: Route): OpenPlace | undefined {
  const [shown] = matched
  const kind = ({ topic: 'topic', group: 'group', broker: 'broker' } as const)[String(shown?.name)]
  const name = { topic: params['topic'], group: params['groupId'], broker: params['id'] }[kind ?? 'topic']
  return kind === undefined || typeof name !== 'string' ? undefined : { kind, name, path: fullPath }
}
