# Row 56: 1 to 254, whatever the sum; an owner stays one.
file load
script chk
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100
track V1 file load 1
track V1 script chk 20
track V1 iface eth1 -20 reverse
instance V2 eth0 vrid=52 prio=255 MASTER addr=10.0.0.101 garp_delay=0
track V2 file load 1
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> advertise V2 prio=255 rev=1
> claim V2 repeat=5
> run chk
> wake script chk @1
> arm V1 MasterDown @3.53125
> arm V2 Advert @1
> note (V1) effective priority 100 -> 120
> tell (V1) INIT -> BACKUP: starting
> tell (V2) INIT -> MASTER: owner of the addresses (priority 255)
@0.1 < file load 253
> arm V1 MasterDown @3.007813
> note (V1) effective priority 120 -> 254
@0.1 < script chk ok
> note script chk succeeded: exit status 0
@0.1 < show V1
> V1 BACKUP wants=BACKUP prio=254 source=10.0.0.1 interval=1
@0.1 < file load -253
> note (V1) effective priority 254 -> 1
@0.1 < show V1
> V1 BACKUP wants=BACKUP prio=1 source=10.0.0.1 interval=1
@0.1 < link eth1 index=3 up
@0.1 < file load 150
> note (V1) effective priority 1 -> 254
@0.1 < show V1
> V1 BACKUP wants=BACKUP prio=254 source=10.0.0.1 interval=1
@0.1 < show V2
> V2 MASTER wants=MASTER prio=255 source=10.0.0.1 interval=1 sent:1 become:1
