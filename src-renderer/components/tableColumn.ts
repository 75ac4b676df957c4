export interface Column {
  readonly key: string
  readonly title: string
  /** A CSS track size. */
  readonly width: string
  readonly isNumber?: boolean
  /** The right edge of its head can be dragged. */
  readonly isResizable?: boolean
  /** Its head sorts by it. */
  readonly canSort?: boolean
  /** Its head can be dragged to the place of another one. */
  readonly isMovable?: boolean
}

export interface Sorting {
  readonly key: string
  readonly isDescending: boolean
}
