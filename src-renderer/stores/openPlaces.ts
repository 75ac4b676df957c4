import { useStorage } from '@vueuse/core'
import { defineStore } from 'pinia'

export const PLACE_KINDS = ['topic', 'group', 'broker'] as const
export type PlaceKind = (typeof PLACE_KINDS)[number]

/** Something that is open in a tab of this window. */
export interface OpenPlace {
  readonly kind: PlaceKind
  readonly name: string
  /** Where in it one was last: a full path. */
  readonly path: string
}

/** A bar with more is no bar any more: the one that was opened first goes. */
const MOST = 20

export const isSamePlace = (one: Pick<OpenPlace, 'kind' | 'name'>, other: Pick<OpenPlace, 'kind' | 'name'>) =>
  one.kind === other.kind && one.name === other.name

/**
 * What is open in tabs. Each window has its own: a browser's tab keeps them for as long as it lives, the desktop's one window over restarts.
 */
export const useOpenPlacesStore = defineStore('openPlaces', () => {
  const isDesktop = 'trilog' in window
  const places = useStorage<OpenPlace[]>('trilog.openPlaces', [], isDesktop ? localStorage : sessionStorage)

  /** Opens it at the end, or remembers where in it one is now. */
  function visit(place: OpenPlace) {
    const at = places.value.findIndex(each => isSamePlace(each, place))
    if (at < 0) places.value = [...places.value, place].slice(-MOST)
    else if (places.value[at]?.path !== place.path) places.value = places.value.with(at, place)
  }
  /** Closes it. Gives the one to show instead, when it was on screen: its neighbour. */
  function close(place: Pick<OpenPlace, 'kind' | 'name'>): OpenPlace | undefined {
    const at = places.value.findIndex(each => isSamePlace(each, place))
    if (at < 0) return undefined
    places.value = places.value.toSpliced(at, 1)
    return places.value[Math.min(at, places.value.length - 1)]
  }
  /** Puts back what was closed, where it was as far as that is still known. */
  function reopen(place: OpenPlace, at: number) {
    places.value = places.value.filter(each => !isSamePlace(each, place)).toSpliced(at, 0, place)
  }
  return { places, visit, close, reopen }
})
