import { object, type Json } from './json.ts';

/** Abbreviations of Home Assistant's MQTT discovery (https://www.home-assistant.io/integrations/mqtt/#discovery-payload). */
const LONG: Readonly<Record<string, string>> = Object.fromEntries(
  `act_t action_topic|avty availability|avty_mode availability_mode|avty_t availability_topic|avty_tpl availability_template
bri_cmd_t brightness_command_topic|bri_cmd_tpl brightness_command_template|bri_scl brightness_scale|bri_stat_t brightness_state_topic
bri_tpl brightness_template|bri_val_tpl brightness_value_template|clr_temp_cmd_t color_temp_command_topic
clr_temp_cmd_tpl color_temp_command_template|clr_temp_stat_t color_temp_state_topic|clr_temp_tpl color_temp_template
clr_temp_val_tpl color_temp_value_template|clr_temp_k color_temp_kelvin|cmd_off_tpl command_off_template|cmd_on_tpl command_on_template
cmd_t command_topic|cmd_tpl command_template|cmps components|curr_hum_t current_humidity_topic|curr_hum_tpl current_humidity_template
curr_temp_t current_temperature_topic|curr_temp_tpl current_temperature_template|dev device|dev_cla device_class
e encoding|en enabled_by_default|ent_cat entity_category|fx_cmd_t effect_command_topic|hs_cmd_t hs_command_topic
hs_cmd_tpl hs_command_template|hs_stat_t hs_state_topic|hs_val_tpl hs_value_template|hum_cmd_t target_humidity_command_topic
hum_cmd_tpl target_humidity_command_template|hum_stat_t target_humidity_state_topic|hum_state_tpl target_humidity_state_template
max_k max_kelvin|min_k min_kelvin|max_mirs max_mireds|min_mirs min_mireds|mode_cmd_t mode_command_topic|mode_cmd_tpl mode_command_template
mode_stat_t mode_state_topic|mode_stat_tpl mode_state_template|o origin|obj_id object_id|ops options|opt optimistic|p platform
pct_cmd_t percentage_command_topic|pct_cmd_tpl percentage_command_template|pct_stat_t percentage_state_topic
pct_val_tpl percentage_value_template|pl_avail payload_available|pl_not_avail payload_not_available|pl_cls payload_close
pl_loc payload_locate|pl_lock payload_lock|pl_off payload_off|pl_on payload_on|pl_open payload_open|pl_paus payload_pause
pl_prs payload_press|pl_ret payload_return_to_base|pl_stop payload_stop|pl_strt payload_start|pl_unlk payload_unlock
pos position_topic|pos_clsd position_closed|pos_open position_open|pos_t position_topic|pos_tpl position_template
rgb_cmd_t rgb_command_topic|rgb_cmd_tpl rgb_command_template|rgb_stat_t rgb_state_topic|rgb_val_tpl rgb_value_template
set_pos_t set_position_topic|set_pos_tpl set_position_template|spd_rng_max speed_range_max|spd_rng_min speed_range_min
stat_clsd state_closed|stat_closing state_closing|stat_jam state_jammed|stat_locked state_locked|stat_locking state_locking
stat_off state_off|stat_on state_on|stat_open state_open|stat_opening state_opening|stat_stopped state_stopped|stat_t state_topic
stat_tpl state_template|stat_unlocked state_unlocked|stat_unlocking state_unlocking|stat_val_tpl state_value_template
sup_clrm supported_color_modes|t topic|temp_cmd_t temperature_command_topic|temp_cmd_tpl temperature_command_template
temp_stat_t temperature_state_topic|temp_stat_tpl temperature_state_template|temp_unit temperature_unit|uniq_id unique_id
unit_of_meas unit_of_measurement|val_tpl value_template|xy_cmd_t xy_command_topic|xy_cmd_tpl xy_command_template
xy_stat_t xy_state_topic|xy_val_tpl xy_value_template|r_tpl red_template|g_tpl green_template|b_tpl blue_template`
    .split(/[|\n]/)
    .map((pair) => pair.split(' ') as [string, string]),
);

const DEVICE: Readonly<Record<string, string>> = {
  ids: 'identifiers',
  cns: 'connections',
  mf: 'manufacturer',
  mdl: 'model',
  sa: 'suggested_area',
};

/** Long names, and `~` at either end of a topic replaced by the base topic. Undefined if it is no object. */
export function expand(raw: unknown, base?: string): Json | undefined {
  const json = object(raw);
  if (json === undefined) return undefined;
  const own = json['~'];
  const tilde = typeof own === 'string' ? own : base;
  return Object.fromEntries(
    Object.entries(json)
      .slice(0, 256)
      .map(([key, value]) => {
        const name = Object.hasOwn(LONG, key) ? LONG[key]! : key;
        if (name === 'device') return [name, rename(value)];
        if (name === 'availability') {
          const list = Array.isArray(value) ? value : [value];
          return [name, list.slice(0, 8).map((entry) => expand(entry, tilde))];
        }
        return [name, name.endsWith('topic') ? withBase(value, tilde) : value];
      }),
  );
}

function rename(raw: unknown): Json {
  return Object.fromEntries(
    Object.entries(object(raw) ?? {}).map(([key, value]) => [
      Object.hasOwn(DEVICE, key) ? DEVICE[key]! : key,
      value,
    ]),
  );
}

function withBase(value: unknown, tilde: string | undefined): unknown {
  if (typeof value !== 'string' || tilde === undefined) return value;
  if (value.startsWith('~')) return tilde + value.slice(1);
  return value.endsWith('~') ? value.slice(0, -1) + tilde : value;
}
