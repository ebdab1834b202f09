# Rows 3, 44 and 68: without a usable link-local address there is nothing to send from; when
# duplicate detection is done there is. A new one is used from the next advert on.
instance V1 eth0 vrid=51 prio=100 addr=fe80::100,2001:db8::100 garp_delay=0
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> tell (V1) INIT -> FAULT: interface eth0 has no address to send from
@0.5 < advert prio=200
@0.6 < show V1
> V1 FAULT wants=FAULT prio=100 interval=1; interface eth0 has no address to send from
@1 < link eth0 index=2 up ip=10.0.0.1 ip6=fe80::1
> arm V1 MasterDown @4.609375
> tell (V1) FAULT -> BACKUP: the fault is gone
@4.609375 * V1 MasterDown
> advertise V1 prio=100 rev=1
> claim V1 repeat=5
> arm V1 Advert @5.609375
> tell (V1) BACKUP -> MASTER: no advert for 3.609375 s
@5.609375 * V1 Advert
> advertise V1 prio=100 rev=1
> arm V1 Advert @6.609375
@6 < wait
@6.1 < link eth0 index=2 up ip=10.0.0.1 ip6=fe80::a
@6.609375 * V1 Advert
> advertise V1 prio=100 rev=2
> arm V1 Advert @7.609375
@7 < wait
@7.1 < link eth0 index=2 up ip=10.0.0.1
> advertise V1 prio=0 rev=2
> release V1
> disarm V1 Advert
> tell (V1) MASTER -> FAULT: interface eth0 has no address to send from
@7.2 < show V1
> V1 FAULT wants=FAULT prio=100 source=fe80::a interval=1 sent:4 become:1 release:1 zero_sent:1; interface eth0 has no address to send from
@8 < link eth0 index=2 ip6=fe80::a
> note (V1) another fault: interface eth0 is down
> note (V1) this fault is gone, others are left: interface eth0 has no address to send from
@8.1 < link eth0 index=2 up ip6=fe80::a
> arm V1 MasterDown @11.709375
> tell (V1) FAULT -> BACKUP: the fault is gone
@8.2 < show V1
> V1 BACKUP wants=BACKUP prio=100 source=fe80::a interval=1 sent:4 become:1 release:1 zero_sent:1
