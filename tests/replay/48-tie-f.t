# Row 48: equal priority, the numerically higher address wins. 10.0.0.1 against our 10.0.0.1 is our own: neither.
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100 garp_delay=0
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> arm V1 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
@3.609375 * V1 MasterDown
> advertise V1 prio=100 rev=1
> claim V1 repeat=5
> arm V1 Advert @4.609375
> tell (V1) BACKUP -> MASTER: no advert for 3.609375 s
@4 < advert prio=100 from=10.0.0.1
> note (V1) advert from our own address 10.0.0.1: is it in use twice?
