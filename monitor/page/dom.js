// The few things that every view does with the document. Text goes in as text, never as HTML.

export const byId = (id) => document.getElementById(id);

// make('td', {class: 'number', title: '...'}, 'text', child, ...)
export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === false || value === undefined) continue;
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? '' : value);
  }
  element.append(...children);
  return element;
}

const SVG = 'http://www.w3.org/2000/svg';

export function draw(name, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

// Touches the document only when something changes, so that selections and focus last.
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function setClass(element, name, on) {
  if (element.classList.contains(name) !== on) element.classList.toggle(name, on);
}

export function setShare(element, share) {
  element.style.setProperty('--share', String(Math.max(0, Math.min(1, share || 0))));
}

// A select with [value, text] pairs.
export function fill(select, options, chosen) {
  select.replaceChildren(...options.map(([value, text]) => make('option', { value, selected: value === chosen }, text)));
}

// Keeps the children of a parent in step with items: one element per key, made once, renewed by update(element, item, place).
export class Keyed {
  constructor(parent, key, create, update) {
    Object.assign(this, { parent, key, create, update, elements: new Map() });
  }

  show(items) {
    const before = this.elements;
    this.elements = new Map();
    for (const [place, item] of items.entries()) {
      const key = this.key(item);
      const element = before.get(key) || this.create(item);
      before.delete(key);
      this.elements.set(key, element);
      this.update(element, item, place);
    }
    for (const element of before.values()) element.remove();
    this.order();
  }

  order() {
    let place = this.parent.firstElementChild;
    for (const element of this.elements.values()) {
      if (element === place) place = place.nextElementSibling;
      else this.parent.insertBefore(element, place);
    }
  }
}

// The value of a custom property as it is now, in light or dark.
export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

export const darkness = matchMedia('(prefers-color-scheme: dark)');
