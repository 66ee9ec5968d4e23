/* The controls of layouts/controls.py, as Dash components: plain React, no build step.
 *
 * Picker, AddMenu and SavedList are the WAI-ARIA combobox: the text field keeps the focus, the list below it says
 * through aria-activedescendant which option is meant. The field alone carries the control's name; its parts have names
 * of their own, so that asking for the name finds one thing. Only the options in sight are in the document, so thousands
 * cost nothing. */
(function () {
  "use strict";

  const { createElement: h, useState, useRef, useEffect, useLayoutEffect, useMemo } = React;
  const ROW = 34; // px, the height of an option; the same in controls.css
  const MARGIN = 6; // options kept above and below the visible ones

  const icon = (name) => h("span", { className: `icon icon-${name}`, "aria-hidden": "true" });

  const fold = (text) =>
    text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase();

  /* Options in the order given, those that begin with the words first. Every word must occur. */
  function search(options, folded, text) {
    const words = fold(text).split(/\s+/).filter(Boolean);
    if (!words.length) return options;
    const first = [];
    const rest = [];
    options.forEach((option, index) => {
      const label = folded[index];
      if (words.every((word) => label.includes(word))) {
        const own = fold(option.label);
        (own.startsWith(words[0]) ? first : rest).push(option);
      }
    });
    return first.concat(rest);
  }

  /* Close when the person touches or focuses anything outside. */
  function useOutside(box, open, close) {
    useEffect(() => {
      if (!open) return undefined;
      const leave = (event) => {
        if (box.current && !box.current.contains(event.target)) close();
      };
      document.addEventListener("pointerdown", leave, true);
      document.addEventListener("focusin", leave, true);
      return () => {
        document.removeEventListener("pointerdown", leave, true);
        document.removeEventListener("focusin", leave, true);
      };
    }, [open]);
  }

  /* Keep a popup within the window, without moving anything else. */
  function useWithinWindow(popup, open) {
    useLayoutEffect(() => {
      if (!open || !popup.current) return;
      const node = popup.current;
      node.style.transform = "";
      const place = node.getBoundingClientRect();
      const over = place.right - (document.documentElement.clientWidth - 8);
      if (over > 0) node.style.transform = `translateX(${-Math.min(over, Math.max(0, place.left - 8))}px)`;
      if (place.bottom > window.innerHeight) node.scrollIntoView({ block: "nearest" });
    }, [open]);
  }

  /* The list under a field: only the rows in sight are rendered. */
  function List({ id, options, active, multi, chosen, onPick, onHover, empty }) {
    const [top, setTop] = useState(0);
    const node = useRef(null);
    const height = Math.min(options.length, 8.5) * ROW;
    useLayoutEffect(() => {
      if (!node.current || active < 0) return;
      const box = node.current;
      const start = active * ROW;
      if (start < box.scrollTop) box.scrollTop = start;
      else if (start + ROW > box.scrollTop + box.clientHeight) box.scrollTop = start + ROW - box.clientHeight;
    }, [active, options]);
    if (!options.length) return h("div", { className: "list-empty", role: "status" }, empty || "Nothing matches.");
    const from = Math.max(0, Math.floor(top / ROW) - MARGIN);
    const to = Math.min(options.length, Math.ceil((top + height) / ROW) + MARGIN);
    const shown = [];
    for (let index = from; index < to; index += 1) shown.push(index);
    if (active >= 0 && (active < from || active >= to)) shown.push(active);
    return h(
      "div",
      {
        ref: node,
        id,
        role: "listbox",
        "aria-label": "Choices",
        "aria-multiselectable": multi || undefined,
        className: "list",
        style: { height },
        tabIndex: -1,
        onScroll: (event) => setTop(event.currentTarget.scrollTop),
      },
      h(
        "div",
        { role: "presentation", style: { height: options.length * ROW, position: "relative" } },
        shown.map((index) => {
          const option = options[index];
          const picked = chosen.has(option.value);
          return h(
            "div",
            {
              key: String(option.value),
              id: `${id}-${index}`,
              role: "option",
              "aria-selected": picked,
              "aria-setsize": options.length,
              "aria-posinset": index + 1,
              className: `option${index === active ? " active" : ""}${picked ? " picked" : ""}`,
              style: { top: index * ROW },
              title: option.path ? `${option.path} › ${option.label}` : option.label,
              onPointerMove: () => onHover(index),
              onMouseDown: (event) => event.preventDefault(),
              onClick: () => onPick(option),
            },
            h("span", { className: "option-mark", "aria-hidden": "true" }, picked ? icon("check2") : null),
            option.path ? h("span", { className: "option-path" }, option.path, " › ") : null,
            h("span", { className: "option-label" }, option.label)
          );
        })
      )
    );
  }

  /* What is in a field already, each with a button that takes it out: {value, label, title, mark, sign}. */
  function chips(name, items, disabled, remove) {
    if (!items.length) return null;
    return h(
      "ul",
      { className: "chips", "aria-label": name },
      items.map(({ value, label, title, mark, sign }) =>
        h(
          "li",
          { key: String(value), className: `chip${mark ? ` ${mark}` : ""}`, title },
          sign ? icon(sign) : null,
          h("span", { className: "chip-text" }, label),
          h(
            "button",
            {
              type: "button",
              className: "chip-remove",
              "aria-label": `Remove ${label}`,
              disabled: disabled || undefined,
              onClick: () => remove(value),
            },
            icon("x-lg")
          )
        )
      )
    );
  }

  /* A press anywhere in a field means its text input. */
  const toInput = (input, then) => (event) => {
    if (event.target.tagName === "INPUT" || event.target.closest("button") || !input.current) return;
    event.preventDefault();
    input.current.focus();
    if (then) then();
  };

  /* A button with a popup below it that begins with a search field. */
  function useMenu() {
    const [open, setOpen] = useState(false);
    const [text, setText] = useState("");
    const box = useRef(null);
    const popup = useRef(null);
    const button = useRef(null);
    const input = useRef(null);
    const close = (refocus) => {
      setOpen(false);
      setText("");
      if (refocus && button.current) button.current.focus();
    };
    useOutside(box, open, () => close(false));
    useWithinWindow(popup, open);
    useEffect(() => {
      if (open) input.current.focus();
    }, [open]);
    const words = fold(text).split(/\s+/).filter(Boolean);
    return { open, setOpen, text, setText, close, words, box, popup, button, input };
  }

  function Picker(props) {
    const { id, label, multi, placeholder, disabled, setProps } = props;
    const options = props.options || [];
    const values = multi ? props.value || [] : props.value === undefined || props.value === null ? [] : [props.value];
    const [open, setOpen] = useState(false);
    const [text, setText] = useState("");
    const [active, setActive] = useState(-1);
    const box = useRef(null);
    const popup = useRef(null);
    const input = useRef(null);
    const folded = useMemo(
      () => options.map((option) => fold(option.path ? `${option.path} › ${option.label}` : option.label)),
      [options]
    );
    const byValue = useMemo(() => new Map(options.map((option) => [option.value, option])), [options]);
    const found = useMemo(() => (open ? search(options, folded, text) : []), [open, options, folded, text]);
    const chosen = useMemo(() => new Set(values), [props.value]);
    const name = (value) => (byValue.has(value) ? byValue.get(value).label : String(value));
    const full = (value) => {
      const option = byValue.get(value);
      return option && option.path ? `${option.path} › ${option.label}` : name(value);
    };

    const close = () => {
      setOpen(false);
      setText("");
      setActive(-1);
    };
    const show = () => {
      if (disabled || open) return;
      setOpen(true);
      setActive(multi || !values.length ? -1 : options.findIndex((option) => option.value === values[0]));
    };
    const pick = (option) => {
      if (multi) {
        setProps({
          value: chosen.has(option.value) ? values.filter((value) => value !== option.value) : values.concat([option.value]),
        });
        if (text) input.current.select();
      } else {
        setProps({ value: option.value });
        close();
      }
      input.current.focus();
    };
    const remove = (value) => {
      setProps({ value: values.filter((other) => other !== value) });
      input.current.focus();
    };
    useOutside(box, open, close);
    useWithinWindow(popup, open);

    const keys = (event) => {
      const last = found.length - 1;
      const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 };
      if (event.key in steps) {
        event.preventDefault();
        if (!open) show();
        else if (event.key === "ArrowUp" && active <= 0) setActive(last);
        else if (event.key === "ArrowDown" && active >= last) setActive(0);
        else setActive(Math.max(0, Math.min(last, active + steps[event.key])));
      } else if (event.key === "Enter") {
        const option = found[active >= 0 ? active : text && last >= 0 ? 0 : -1];
        if (open) {
          event.preventDefault();
          event.stopPropagation();
          if (option) pick(option);
          else close();
        }
      } else if (event.key === "Escape" && open) {
        event.preventDefault();
        event.stopPropagation();
        close();
      } else if (event.key === "Tab") {
        if (open && !multi && active >= 0 && text) setProps({ value: found[active].value });
        close();
      } else if (event.key === "Backspace" && multi && !text && values.length) {
        setProps({ value: values.slice(0, -1) });
      }
    };

    const list = `${id}-list`;
    return h(
      "div",
      { ref: box, className: `picker${multi ? " picker-multi" : ""}${open ? " open" : ""}${disabled ? " disabled" : ""}` },
      h(
        "div",
        {
          className: "picker-box",
          onMouseDown: toInput(input, show),
        },
        multi
          ? chips(
              "Chosen",
              values.map((value) => ({
                value,
                label: name(value),
                title: full(value),
                mark: byValue.has(value) ? "" : "chip-unknown",
              })),
              false,
              remove
            )
          : null,
        h("input", {
          ref: input,
          id,
          type: "text",
          role: "combobox",
          autoComplete: "off",
          autoCapitalize: "off",
          spellCheck: false,
          disabled: disabled || undefined,
          "aria-label": label,
          "aria-expanded": open,
          "aria-controls": open ? list : undefined,
          "aria-autocomplete": "list",
          "aria-activedescendant": open && active >= 0 && active < found.length ? `${list}-${active}` : undefined,
          "aria-invalid": props.invalid || undefined,
          "aria-describedby": props.describedby,
          placeholder: multi ? (values.length ? "Search" : placeholder) : values.length ? name(values[0]) : placeholder,
          value: open || multi ? text : values.length ? name(values[0]) : "",
          onChange: (event) => {
            setText(event.target.value);
            setOpen(true);
            setActive(event.target.value ? 0 : -1);
          },
          onClick: show,
          onKeyDown: keys,
        }),
        h("span", { className: "picker-arrow", "aria-hidden": "true" }, icon("chevron-down"))
      ),
      open
        ? h(
            "div",
            { ref: popup, className: "popup" },
            h(List, {
              id: list,
              options: found,
              active,
              multi,
              chosen,
              onPick: pick,
              onHover: setActive,
              empty: options.length ? "Nothing matches." : "There is nothing to choose from.",
            }),
            multi && values.length > 1
              ? h(
                  "div",
                  { className: "popup-foot" },
                  h("span", null, `${values.length} chosen`),
                  h(
                    "button",
                    {
                      type: "button",
                      className: "btn btn-quiet btn-sm",
                      onClick: () => {
                        setProps({ value: [] });
                        input.current.focus();
                      },
                    },
                    "Clear"
                  )
                )
              : null
          )
        : null
    );
  }

  function AddMenu(props) {
    const { id, label, setProps } = props;
    const hidden = props.hidden || [];
    const { open, setOpen, text, setText, close, words, box, popup, button, input } = useMenu();
    const [active, setActive] = useState(0);
    const groups = (props.groups || [])
      .map((group) => ({
        label: group.label,
        items: group.items.filter(
          (item) => !hidden.includes(item.value) && words.every((word) => fold(`${group.label} ${item.label}`).includes(word))
        ),
      }))
      .filter((group) => group.items.length);
    const flat = groups.flatMap((group) => group.items);
    const list = `${id}-list`;

    useEffect(() => {
      if (!open) setActive(0);
    }, [open]);
    const pick = (item) => {
      close(true);
      setProps({ picked: { value: item.value, at: Date.now() } });
    };

    const keys = (event) => {
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        const step = event.key === "ArrowDown" ? 1 : -1;
        if (flat.length) setActive((active + step + flat.length) % flat.length);
      } else if (event.key === "Enter") {
        event.preventDefault();
        event.stopPropagation();
        if (flat[active]) pick(flat[active]);
      } else if (event.key === "Escape") {
        event.preventDefault();
        event.stopPropagation();
        close(true);
      } else if (event.key === "Tab") {
        close(false);
      }
    };

    return h(
      "div",
      { ref: box, className: "add-menu" },
      h(
        "button",
        {
          ref: button,
          id,
          type: "button",
          className: "btn btn-quiet btn-sm",
          "aria-haspopup": "listbox",
          "aria-expanded": open,
          onClick: () => (open ? close(true) : setOpen(true)),
        },
        icon("plus-lg"),
        label
      ),
      open
        ? h(
            "div",
            { ref: popup, className: "popup popup-menu" },
            h(
              "div",
              { className: "popup-search" },
              icon("search"),
              h("input", {
                ref: input,
                type: "text",
                role: "combobox",
                autoComplete: "off",
                "aria-label": props.search || `Search: ${label}`,
                "aria-expanded": true,
                "aria-controls": list,
                "aria-autocomplete": "list",
                "aria-activedescendant": flat[active] ? `${list}-${flat[active].value}` : undefined,
                placeholder: "Search",
                value: text,
                onChange: (event) => {
                  setText(event.target.value);
                  setActive(0);
                },
                onKeyDown: keys,
              })
            ),
            flat.length
              ? h(
                  "div",
                  { id: list, role: "listbox", "aria-label": "Choices", className: "list list-grouped", tabIndex: -1 },
                  groups.map((group) =>
                    h(
                      "div",
                      { key: group.label, role: "group", "aria-labelledby": `${list}-${fold(group.label).replace(/\W+/g, "-")}` },
                      h(
                        "div",
                        { id: `${list}-${fold(group.label).replace(/\W+/g, "-")}`, className: "group-label", role: "presentation" },
                        group.label
                      ),
                      group.items.map((item) =>
                        h(
                          "div",
                          {
                            key: item.value,
                            id: `${list}-${item.value}`,
                            role: "option",
                            "aria-selected": flat[active] === item,
                            className: `option${flat[active] === item ? " active" : ""}`,
                            title: item.description,
                            onPointerMove: () => setActive(flat.indexOf(item)),
                            onMouseDown: (event) => event.preventDefault(),
                            onClick: () => pick(item),
                          },
                          h("span", { className: "option-label" }, item.label)
                        )
                      )
                    )
                  )
                )
              : h("div", { className: "list-empty", role: "status" }, words.length ? "Nothing matches." : props.empty)
          )
        : null
    );
  }

  function OrderedList(props) {
    const { id, label, setProps } = props;
    const value = props.value || [];
    const names = new Map((props.items || []).map((item) => [item.value, item]));
    const [dragged, setDragged] = useState(null);
    const [over, setOver] = useState(null);
    const [said, setSaid] = useState("");
    const node = useRef(null);
    const refocus = useRef(null);

    useEffect(() => {
      if (!refocus.current) return;
      const [key, act] = refocus.current;
      refocus.current = null;
      const row = node.current && node.current.querySelector(`[data-key="${key}"]`);
      const wanted = row && (row.querySelector(`[data-act="${act}"]:not(:disabled)`) || row.querySelector("button:not(:disabled)"));
      if (wanted) wanted.focus();
      // Only once the new order is drawn: until then the buttons are those of the old one.
    }, [value.join()]);

    const put = (key, index, act) => {
      const rest = value.filter((other) => other !== key);
      rest.splice(index, 0, key);
      refocus.current = [key, act];
      setProps({ value: rest });
      setSaid(`${names.get(key).label} is now column ${index + 1} of ${rest.length}.`);
    };
    const remove = (key) => {
      const index = value.indexOf(key);
      const rest = value.filter((other) => other !== key);
      setProps({ value: rest });
      setSaid(`${names.get(key).label} removed.`);
      if (rest.length) refocus.current = [rest[Math.min(index, rest.length - 1)], "remove"];
      else {
        const add = node.current && node.current.closest("section").querySelector(".add-menu button");
        if (add) add.focus();
      }
    };

    return h(
      "div",
      { ref: node, className: "ordered" },
      value.length
        ? h(
            "ol",
            { id, "aria-label": label, className: "ordered-list" },
            value.map((key, index) => {
              const item = names.get(key) || { label: key, group: "" };
              const button = (act, name, symbol, disabled, run) =>
                h(
                  "button",
                  {
                    type: "button",
                    className: "icon-button",
                    "data-act": act,
                    "aria-label": name,
                    title: name,
                    disabled,
                    onClick: run,
                  },
                  icon(symbol)
                );
              return h(
                "li",
                {
                  key,
                  "data-key": key,
                  draggable: value.length > 1,
                  className: `ordered-item${dragged === key ? " dragged" : ""}${over === key && dragged !== key ? " over" : ""}`,
                  onDragStart: (event) => {
                    event.dataTransfer.effectAllowed = "move";
                    event.dataTransfer.setData("text/plain", item.label);
                    setDragged(key);
                  },
                  onDragOver: (event) => {
                    if (dragged === null) return;
                    event.preventDefault();
                    setOver(key);
                  },
                  onDrop: (event) => {
                    event.preventDefault();
                    if (dragged !== null && dragged !== key) put(dragged, index, "up");
                    setDragged(null);
                    setOver(null);
                  },
                  onDragEnd: () => {
                    setDragged(null);
                    setOver(null);
                  },
                },
                h("span", { className: "grip", "aria-hidden": "true", title: "Drag to reorder" }, icon("grip-vertical")),
                h(
                  "span",
                  { className: "ordered-name" },
                  h("span", { className: "muted" }, `${item.group}: `),
                  item.label
                ),
                button("up", `Move ${item.label} up`, "arrow-up", index === 0, () => put(key, index - 1, "up")),
                button("down", `Move ${item.label} down`, "arrow-down", index === value.length - 1, () => put(key, index + 1, "down")),
                button("remove", `Remove ${item.label}`, "x-lg", false, () => remove(key))
              );
            })
          )
        : h("p", { id, className: "field-note" }, "Nothing chosen: the whole period is one row."),
      h("span", { className: "visually-hidden", role: "status" }, said)
    );
  }

  function Chips(props) {
    const { id, label, disabled, setProps } = props;
    const value = props.value || [];
    const problems = props.problems || {};
    const [text, setText] = useState("");
    const input = useRef(null);
    const add = (typed) => {
      const parts = typed.split(/[\s,;]+/).filter(Boolean);
      const next = value.concat(parts.filter((part, index) => !value.includes(part) && parts.indexOf(part) === index));
      setText("");
      if (next.length !== value.length) setProps({ value: next });
    };
    return h(
      "div",
      {
        className: `picker picker-multi chips-field${disabled ? " disabled" : ""}`,
        onMouseDown: toInput(input),
      },
      h(
        "div",
        { className: "picker-box" },
        chips(
          "Addresses",
          value.map((item) => ({
            value: item,
            label: item,
            title: problems[item] || item,
            mark: problems[item] ? "chip-bad" : "",
            sign: problems[item] ? "exclamation-triangle" : "",
          })),
          disabled,
          (item) => {
            setProps({ value: value.filter((other) => other !== item) });
            input.current.focus();
          }
        ),
        h("input", {
          ref: input,
          id,
          type: "text",
          inputMode: "email",
          autoComplete: "email",
          autoCapitalize: "off",
          spellCheck: false,
          disabled: disabled || undefined,
          "aria-label": label,
          "aria-describedby": props.describedby,
          "aria-invalid": Object.keys(problems).length ? true : undefined,
          placeholder: value.length ? "" : props.placeholder,
          value: text,
          onChange: (event) => {
            const typed = event.target.value;
            if (/[\s,;]/.test(typed.trim()) || /[,;\s]$/.test(typed)) add(typed);
            else setText(typed);
          },
          onBlur: () => add(text),
          onKeyDown: (event) => {
            if (event.key === "Enter" && text.trim()) {
              event.preventDefault();
              event.stopPropagation();
              add(text);
            } else if (event.key === "Backspace" && !text && value.length) {
              setProps({ value: value.slice(0, -1) });
            }
          },
        })
      )
    );
  }

  function SavedList(props) {
    const { id, label, setProps } = props;
    const items = props.items || [];
    const { open, setOpen, text, setText, close, words, box, popup, button, input } = useMenu();
    const had = useRef(items.length > 0);
    const found = items.filter((item) => {
      const all = fold(`${item.title} ${item.description} ${item.note}`);
      return words.every((word) => all.includes(word));
    });
    useEffect(() => {
      // With the last template this menu goes as well: the focus stays beside its place.
      if (!items.length && had.current) document.getElementById("templates-save").focus();
      had.current = items.length > 0;
    }, [items.length]);
    if (!items.length) return null;

    const act = (name, item, stays) => {
      if (!stays) close(true);
      setProps({ act: { id: item.id, act: name, at: Date.now() } });
    };
    const keys = (event) => {
      if (event.key === "Escape") {
        event.preventDefault();
        event.stopPropagation();
        close(true);
      } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        const rows = [...popup.current.querySelectorAll(".saved-load")];
        const stops = [input.current, ...rows];
        const row = document.activeElement.closest(".saved-item");
        const at = row ? stops.indexOf(row.querySelector(".saved-load")) : 0;
        stops[(at + (event.key === "ArrowDown" ? 1 : -1) + stops.length) % stops.length].focus();
      } else if (event.key === "Enter" && event.target === input.current) {
        event.preventDefault();
        if (text && found.length) act("load", found[0]);
      }
    };
    const tool = (name, title, symbol, item, stays, pressed) =>
      h(
        "button",
        {
          type: "button",
          className: "icon-button",
          "aria-label": title,
          "aria-pressed": pressed,
          title,
          onClick: () => act(name, item, stays),
        },
        icon(symbol)
      );

    return h(
      "div",
      { ref: box, className: "add-menu saved", onKeyDown: open ? keys : undefined },
      h(
        "button",
        {
          ref: button,
          id,
          type: "button",
          className: "btn btn-quiet btn-sm",
          "aria-haspopup": "dialog",
          "aria-expanded": open,
          onClick: () => (open ? close(true) : setOpen(true)),
        },
        icon("folder2-open"),
        h("span", null, label),
        icon("chevron-down")
      ),
      open
        ? h(
            "div",
            { ref: popup, className: "popup popup-menu popup-saved", role: "dialog", "aria-label": label },
            h(
              "div",
              { className: "popup-search" },
              icon("search"),
              h("input", {
                ref: input,
                type: "text",
                autoComplete: "off",
                "aria-label": "Search templates",
                placeholder: "Search",
                value: text,
                onChange: (event) => setText(event.target.value),
              })
            ),
            found.length
              ? h(
                  "ul",
                  { className: "saved-list", "aria-label": "Templates" },
                  found.map((item) =>
                    h(
                      "li",
                      { key: item.id, className: "saved-item" },
                      h(
                        "button",
                        { type: "button", className: "saved-load", onClick: () => act("load", item) },
                        h(
                          "span",
                          { className: "saved-title" },
                          item.title,
                          item.standard ? h("span", { className: "tag" }, "default") : null
                        ),
                        item.description ? h("span", { className: "saved-about" }, item.description) : null,
                        h("span", { className: "saved-note" }, item.note)
                      ),
                      h(
                        "span",
                        { className: "saved-tools" },
                        tool(
                          "standard",
                          item.standard ? `Stop ${item.title} being my default` : `Set ${item.title} as my default`,
                          item.standard ? "star-fill" : "star",
                          item,
                          true,
                          item.standard
                        ),
                        item.mine && item.saves ? tool("edit", `Edit ${item.title}`, "pencil", item) : null,
                        item.saves ? tool("duplicate", `Duplicate ${item.title}`, "copy", item, true) : null,
                        item.mine ? tool("delete", `Delete ${item.title}`, "trash3", item, items.length > 1) : null
                      )
                    )
                  )
                )
              : h("div", { className: "list-empty", role: "status" }, "Nothing matches.")
          )
        : null
    );
  }

  /* ------------------------------------------------------------------ parts without a life of their own */

  /* What nobody touches is one component to Dash, however many elements it is: Dash goes through all of its components
   * after every change of any one, dozens of times for a press of Query. */
  const drawn = (part) => (typeof part === "string" ? part : h(part[0], part[1], ...part.slice(2).map(drawn)));

  function Still({ tree }) {
    return useMemo(() => h(React.Fragment, null, ...tree.map(drawn)), [tree]);
  }

  /* What a callback gives it goes straight to a function of the page, in the very change that shows the rest of the same
   * answer: a clientside callback would come some frames later. */
  function Handed({ to, data }) {
    useLayoutEffect(() => {
      const [place, name] = to.split(".");
      window.dash_clientside[place][name](data);
    }, [data]);
    return null;
  }

  window.customer_dynamics = Object.assign(window.customer_dynamics || {}, {
    Picker,
    AddMenu,
    OrderedList,
    Chips,
    SavedList,
    Still,
    Handed,
  });
})();
