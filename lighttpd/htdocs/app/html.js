// html: preact, its hooks and htm in one place.
import { Fragment, h, render } from "/vendor/preact.js";
import htm from "/vendor/htm.js";

export { useEffect, useLayoutEffect, useMemo, useReducer, useRef, useState } from "/vendor/hooks.js";
export { Fragment, render };
export const html = htm.bind(h);
